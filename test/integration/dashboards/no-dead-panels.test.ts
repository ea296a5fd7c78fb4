import { readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Dashboard,
  dataLinksOf,
  type Panel,
  panelsOf,
  type Target,
  type Variable,
} from "../../../dashboards/lint/dashboard.ts";
import { ANSWERS } from "../../../dashboards/source/verdict.ts";
import { createRunScope, type RunScope } from "../../../embedded/run-scope.ts";
import {
  BLIND,
  BUSY,
  type DashboardStage,
  NAMESPACE,
  ODD,
  startDashboardStage,
  TRACE_ID,
} from "./dashboard-stage.ts";
import {
  ALL,
  type Chosen,
  chosenBy,
  labelQuery,
  linkOf,
  offered,
  sentQuery,
  type TimeRange,
} from "./grafana.ts";
import { labelValues, queryAtEnd, queryExemplars, queryRange, type Series } from "./prometheus-api.ts";

const repository = new URL("../../../", import.meta.url);
const dashboards = readdirSync(new URL("dashboards", repository))
  .filter((file) => file.endsWith(".json"))
  .map((file) => JSON.parse(readFileSync(new URL(`dashboards/${file}`, repository), "utf8")) as Dashboard)
  .map((dashboard) => [dashboard.uid ?? "", dashboard] as const);
const byUid = new Map(dashboards);
const detail = byUid.get("millrace-autoscaler") ?? expect.fail("no dashboard of one autoscaler");
const overview = byUid.get("millrace-overview") ?? expect.fail("no overview");

/** Names of queues that would break out of PromQL, URLs, HTML or regular expressions where any of them is careless. */
const ODD_QUEUES = [
  `jobs"} or vector(1) #`,
  `x"}`,
  "<img src=x onerror=alert(1)>",
  "a/b//c?d=e&f#g=%41+h",
  String.raw`back\slash\d+\\`,
  "a.b*c|d+(e)[f]{2}^$?",
  "$queue ${queue:regex} $__range",
  "it's 'quoted'",
  "очередь 队列 🐇",
  "q".repeat(250),
];
/** Ends a raw string of PromQL. */
const BACKTICK = "a`b";

/** What the short time of this test cannot bring about, and why: a history tells it. All others are asked since the start. */
const fromHistory: Readonly<Record<string, string>> = {
  "millrace-autoscaler Processing time against a week ago A": "compares with the week before",
  "millrace-autoscaler This week against last B": "compares with the day before",
  "millrace-autoscaler This week against last C": "compares with the week before",
  "millrace-autoscaler Changes that were not made A": "needs another writer at the same moment",
  "millrace-operator Changes that were not made A": "needs another writer at the same moment",
};
/** The busy queue is a quorum queue, of whose first message the broker tells nothing; those with odd names are classic. */
const ofClassicQueues = ["millrace-autoscaler Wait against the promise E"];
const HISTORY_SECONDS = 20 * 60;

const everything: Chosen = { namespace: ALL, autoscaler: ALL, queue: ALL, job: ALL, instance: ALL };
const chosenFor = (uid: string): Chosen =>
  uid === "millrace-autoscaler" ? { ...everything, namespace: NAMESPACE, autoscaler: BUSY } : everything;

const odd = (queue: Chosen[string]): Chosen => ({
  namespace: NAMESPACE,
  autoscaler: ODD,
  queue: queue ?? ALL,
});

const until = (from: (to: number) => number): TimeRange => {
  const to = Math.floor(Date.now() / 1_000);
  return { from: from(to), to };
};
const sinceStart = (): TimeRange => until(() => startedAt);
const withHistory = (): TimeRange => until((to) => to - HISTORY_SECONDS);

let scope: RunScope;
let stage: DashboardStage;
let startedAt: number;
type Row = {
  readonly dashboard: string;
  readonly panel: string;
  readonly query: string;
  readonly rows: number;
};
const rows: Row[] = [];
const placeOf = ({ dashboard, panel, query }: Row): string => `${dashboard} ${panel} ${query}`;

beforeAll(async () => {
  scope = await createRunScope();
  startedAt = Math.floor(Date.now() / 1_000);
  try {
    stage = await startDashboardStage(scope, [...ODD_QUEUES, BACKTICK]);
  } catch (error) {
    await scope.stop();
    throw error;
  }
  return async () => {
    await stage.stop();
    await scope.stop();
    const folder = new URL(".cache/observability/", repository);
    await mkdir(folder, { recursive: true });
    const sorted = rows.toSorted((one, other) => placeOf(one).localeCompare(placeOf(other)));
    await writeFile(new URL("panels.json", folder), JSON.stringify(sorted, undefined, 2));
  };
}, 180_000);

type Question = { readonly target: Target; readonly chosen: Chosen; readonly range?: TimeRange };

/** The series that a panel would draw. */
const answerOf = async ({ target, chosen, range = sinceStart() }: Question): Promise<readonly Series[]> => {
  const query = sentQuery(target.expr ?? "", chosen, range);
  const ask = target.instant === true ? queryAtEnd : queryRange;
  return (await ask(stage.prometheusUrl, query, range)).filter(({ values }) => values.length > 0);
};

const SOON = { timeout: 45_000, interval: 500 };
/** As soon as there is an answer, as the load has just begun; 0 when none comes. */
const rowsOf = async (target: Target, chosen: Chosen, range: () => TimeRange): Promise<number> => {
  let found = 0;
  const ask = async () => (found = (await answerOf({ target, chosen, range: range() })).length);
  await expect.poll(ask, SOON).toBeGreaterThan(0);
  return found;
};

describe.each(dashboards)("panels of %s", (uid, dashboard) => {
  const targets = panelsOf(dashboard).flatMap(({ title = "", targets: own = [] }) =>
    own.map((target) => [title, target.refId, target] as const),
  );
  test.concurrent.each(targets)("%s %s has rows", async (panel, query, target) => {
    const name = `${uid} ${panel} ${query}`;
    const range = name in fromHistory ? withHistory : sinceStart;
    const chosen = ofClassicQueues.includes(name) ? odd(ALL) : chosenFor(uid);
    rows.push({ dashboard: uid, panel, query, rows: await rowsOf(target, chosen, range) });
  });

  const annotations = dashboard.annotations.list.map(({ name, expr = "" }) => [name, expr] as const);
  test.concurrent.each(annotations)("annotation %s has marks", async (name, expr) => {
    const found = await rowsOf({ refId: "A", expr }, chosenFor(uid), sinceStart);
    rows.push({ dashboard: uid, panel: `annotation: ${name}`, query: "A", rows: found });
  });

  const variables = dashboard.templating.list.filter(({ type }) => type === "query");
  test.concurrent.each(variables.map((variable) => [variable.name, variable] as const))(
    "variable %s has values to choose",
    async (name, variable) => {
      let found: readonly string[] = [];
      const ask = async () => (found = await valuesOf(variable, chosenFor(uid)));
      await expect.poll(ask, SOON).not.toEqual([]);
      rows.push({ dashboard: uid, panel: `variable: ${name}`, query: "A", rows: found.length });
    },
  );
});

/** What the dropdown of a variable offers. */
const valuesOf = async (variable: Variable, chosen: Chosen): Promise<readonly string[]> => {
  const { label, selector } = labelQuery(variable);
  const range = sinceStart();
  const match = sentQuery(selector, chosen, range);
  return offered(variable, await labelValues(stage.prometheusUrl, { label, selector: match, range }));
};

test("no exception is for something that is gone", () => {
  const names = dashboards.flatMap(([uid, dashboard]) =>
    panelsOf(dashboard).flatMap(({ title = "", targets = [] }) =>
      targets.map(({ refId }) => `${uid} ${title} ${refId}`),
    ),
  );
  expect(names).toEqual(expect.arrayContaining([...Object.keys(fromHistory), ...ofClassicQueues]));
});

const panelOf = (dashboard: Dashboard, name: string): Panel =>
  panelsOf(dashboard).find(({ title }) => title === name) ?? expect.fail(`no panel ${name}`);
const targetOf = (dashboard: Dashboard, name: string): Target =>
  panelOf(dashboard, name).targets?.[0] ?? expect.fail(`nothing is asked by ${name}`);

describe("the answers", () => {
  const answer = async (question: string, autoscaler: string) => {
    const chosen = { ...chosenFor("millrace-autoscaler"), autoscaler };
    const [series] = await answerOf({ target: targetOf(detail, question), chosen });
    return series?.values;
  };

  test("tell what is wrong and what is not", async () => {
    const waits = () => answer("Are many jobs running without finishing?", BUSY);
    await expect.poll(waits, SOON).toEqual([ANSWERS.bad]);
    await expect.poll(() => answer("Are the workers healthy?", BUSY), SOON).toEqual([ANSWERS.ok]);
  });

  test("do not tell what is not known", async () => {
    const waits = () => answer("Are many jobs running without finishing?", BLIND);
    await expect.poll(waits, SOON).toEqual([ANSWERS.unknown]);
    const works = () => answer("Can the autoscaler do its work?", BLIND);
    await expect.poll(works, SOON).toEqual([ANSWERS.warn]);
  });
});

describe("points of single jobs", () => {
  const withPoints = panelsOf(detail).flatMap(({ title = "", targets = [] }) =>
    targets.filter(({ exemplar }) => exemplar === true).map((target) => [title, target] as const),
  );
  const jobsOf = ({ expr = "" }: Target, chosen: Chosen) => {
    const range = sinceStart();
    return queryExemplars(stage.prometheusUrl, sentQuery(expr, chosen, range), range);
  };

  test("are in the panels of waits and of processing times", () => {
    expect(withPoints.map(([title]) => title)).toEqual([
      "Wait against the promise",
      "Spread of processing times",
    ]);
  });

  test.concurrent.each(withPoints)("%s has them, with the job's id and trace", async (_title, target) => {
    const busy = { ...chosenFor("millrace-autoscaler"), queue: "jobs.sleep" };
    await expect.poll(() => jobsOf(target, busy), SOON).not.toEqual([]);
    for (const labels of await jobsOf(target, busy))
      expect(labels).toEqual({ job_id: expect.stringMatching(/^[\da-f-]{36}$/), trace_id: TRACE_ID });
    expect(await jobsOf(target, { ...busy, queue: "another" })).toEqual([]);
  });
});

describe("queues with odd names", () => {
  const shown = async (chosen: Chosen): Promise<readonly string[]> =>
    (await answerOf({ target: targetOf(detail, "Backlog"), chosen }))
      .map(({ metric }) => metric["queue"] ?? "")
      .toSorted();

  test.concurrent.each(ODD_QUEUES)(
    "%j is shown alone when it is chosen, and breaks no query",
    async (name) => {
      await expect.poll(() => shown(odd([name])), SOON).toEqual([name]);
      for (const target of panelsOf(detail).flatMap(({ targets = [] }) => targets))
        for (const { metric } of await answerOf({ target, chosen: odd([name]) }))
          expect([name, undefined]).toContain(metric["queue"]);
      // Marks of alerts are those of all queues of the autoscaler.
      for (const { expr = "" } of detail.annotations.list)
        await answerOf({ target: { refId: "A", expr }, chosen: odd([name]) });
    },
  );

  test("are shown together", async () => {
    const [first = "", second = ""] = ODD_QUEUES;
    await expect.poll(() => shown(odd([first, second])), SOON).toEqual([first, second].toSorted());
    await expect.poll(() => shown(odd(ALL)), SOON).toEqual([...ODD_QUEUES, BACKTICK].toSorted());
  });

  test("can be chosen, but for those with a backtick", async () => {
    const variable =
      detail.templating.list.find(({ name }) => name === "queue") ?? expect.fail("no variable queue");
    const values = async () => (await valuesOf(variable, odd(ALL))).toSorted();
    await expect.poll(values, SOON).toEqual(ODD_QUEUES.toSorted());
  });

  test("lead by their links to themselves", async () => {
    const [link] = dataLinksOf(panelOf(detail, "Backlog"));
    for (const queue of ODD_QUEUES) {
      const url = linkOf(link?.url ?? "", odd(ALL), { queue });
      expect(url.pathname).toBe("/d/millrace-autoscaler");
      expect(await shown(chosenBy(url, detail.templating.list))).toEqual([queue]);
    }
  });
});

test("links from the overview lead to the dashboard of the autoscaler", async () => {
  const links = panelsOf(overview)
    .flatMap(dataLinksOf)
    .filter(({ url = "" }) => url.startsWith("/d/"));
  expect(links.length).toBeGreaterThanOrEqual(4);
  for (const { url = "" } of links) {
    const target = linkOf(url, everything, { namespace: NAMESPACE, autoscaler: BUSY });
    const chosen = chosenBy(target, detail.templating.list);
    expect(await rowsOf(targetOf(detail, "Backlog"), chosen, sinceStart)).toBe(1);
  }
});
