import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createRunScope } from "../embedded/run-scope.ts";
import { createClient } from "../kit/src/client/client.ts";
import { Publisher } from "../test/cluster/support/jobs.ts";
import { recordReplicas } from "../test/cluster/support/replica-recorder.ts";
import { reactionContracts } from "./fixtures/reaction-jobs.ts";
import {
  createReactionStage,
  cycleSeconds,
  deployments,
  namespace,
  type ReactionStage,
  scrapeSeconds,
} from "./reaction-stage.ts";

/**
 * Seconds from a burst of 1,000 messages into an empty queue to the first patch of `spec.replicas` and to the one that
 * sets the final count (max, 10, as in the figures of KEDA beside it). Each repeat has a target and a queue of its own,
 * all of which are watched at the same time, and begins at a random phase of the operator's periods. `--json` prints one
 * line; the exit code is 1 where a worst case is above its bar.
 */

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    repeats: { type: "string", default: "50" },
    /** Part of the names of the scenarios that are run. */
    only: { type: "string", default: "" },
  },
});
const REPEATS = Number(values.repeats);
const contracts = reactionContracts(REPEATS);
const BURST = 1_000;
const MAX = 10;
/** After the burst nothing more is expected. */
const SETTLE_MS = { fast: 6_000, metrics: 20_000 };

const say = (line: string): void => void process.stderr.write(`${line}\n`);

type Path = "fast" | "metrics";
type Scenario = {
  readonly name: string;
  readonly path: Path;
  /** Ready replicas before the burst. */
  readonly from: 0 | 1;
  readonly consumers: "none" | "worker" | "foreign";
  /** Worst cases promised, seconds. */
  readonly targets: { readonly first: number; readonly final: number };
};

/** The fast path looks at idle queues of targets at zero; others are looked at each cycle. */
const FAST_PATH = { first: 1, final: 2.5 };
const THROUGH_PROMETHEUS = 2 * scrapeSeconds + cycleSeconds + 1;

const SCENARIOS: readonly Scenario[] = [
  { name: "from zero", path: "fast", from: 0, consumers: "none", targets: FAST_PATH },
  { name: "from one, worker with metrics", path: "fast", from: 1, consumers: "worker", targets: FAST_PATH },
  { name: "from one, broker only", path: "fast", from: 1, consumers: "foreign", targets: FAST_PATH },
  {
    name: "from one, through Prometheus only",
    path: "metrics",
    from: 1,
    consumers: "worker",
    targets: { first: THROUGH_PROMETHEUS, final: THROUGH_PROMETHEUS },
  },
];

/** Measured on the same class of machine with KEDA v2.21.0; s, min / p50 / max of the first and of the final count. */
const KEDA = [
  { name: "KEDA, default", first: "5.5 / 13.6 / 27.7", final: "35.7 / 54.5 / 58.7" },
  {
    name: "KEDA, polling 1 s, scale-up limit lifted",
    first: "0.08 / 0.32 / 0.94",
    final: "2.1 / 6.5 / 10.8",
  },
];

type Repeat = { readonly firstSeconds: number; readonly finalSeconds: number; readonly patches: number };

const queueOf = ({ consumers }: Scenario, index: number, slug: string): string =>
  consumers === "worker" ? `jobs.reaction-${index}` : `${slug}-${index}`;

const slugOf = ({ name }: Scenario): string => name.replaceAll(/[^a-z]+/g, "-");

type Subject = {
  readonly name: string;
  readonly queue: string;
  readonly settleMs: number;
  /** Submits the burst; resolves when the broker has all of it. */
  readonly burst: () => Promise<unknown>;
};

const once = async (stage: ReactionStage, subject: Subject): Promise<Repeat> => {
  const { client } = stage;
  const replicas = await recordReplicas(client, { resource: deployments, namespace, name: subject.name });
  const firstSentAtMs = Date.now();
  await subject.burst();
  await delay(subject.settleMs);
  await replicas.stop();
  if (replicas.now() !== MAX)
    say(`${subject.name} stays at ${replicas.now()}: ${await stage.explain(subject.name)}`);
  const seconds = replicas.changes.map(({ atMs }) => (atMs - firstSentAtMs) / 1_000);
  await stage.removeTarget(subject.name);
  return {
    firstSeconds: seconds[0] ?? Number.POSITIVE_INFINITY,
    finalSeconds:
      replicas.now() === MAX ? (seconds.at(-1) ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY,
    patches: seconds.length,
  };
};

const play = async (stage: ReactionStage, scenario: Scenario): Promise<readonly Repeat[]> => {
  const slug = slugOf(scenario);
  const publisher = await Publisher.connect(stage.amqpUrl);
  const client = createClient({ amqpUrl: stage.amqpUrl, jobs: contracts });
  await client.start();
  const subjects = contracts.map((contract, index): Subject => {
    const queue = queueOf(scenario, index, slug);
    const submitAll = () => Promise.all(Array.from({ length: BURST }, () => client.submit(contract, {})));
    return {
      name: `${slug}-${index}`,
      queue,
      settleMs: SETTLE_MS[scenario.path],
      burst: scenario.consumers === "worker" ? submitAll : () => publisher.publish(queue, BURST),
    };
  });
  if (scenario.consumers !== "worker") await publisher.declare(...subjects.map(({ queue }) => queue));
  if (scenario.consumers === "foreign")
    for (const { queue } of subjects) await publisher.consumeSlowly(queue, 1_000);
  for (const { name, queue } of subjects)
    await stage.addTarget({ name, queue, replicas: scenario.from, max: MAX });
  await delay(2 * scrapeSeconds * 1_000); // every source has spoken
  const repeats: Promise<Repeat>[] = [];
  for (const subject of subjects) {
    await delay(500 + Math.random() * 2 * cycleSeconds * 1_000);
    repeats.push(once(stage, subject));
  }
  const done = await Promise.all(repeats);
  for (const { queue } of subjects) await publisher.purge(queue);
  await Promise.all([publisher.close(), client.stop()]);
  return done;
};

const quantile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
};

const summary = (values: readonly number[]) => ({
  p50: quantile(values, 0.5),
  p95: quantile(values, 0.95),
  max: quantile(values, 1),
});

type Summary = ReturnType<typeof summary>;
type Result = {
  readonly scenario: string;
  readonly repeats: number;
  readonly firstSeconds: Summary;
  readonly finalSeconds: Summary;
  readonly patches: Summary;
  readonly targets: Scenario["targets"];
};

const cells = ({ p50, p95, max }: Summary): string => [p50, p95, max].map((s) => s.toFixed(2)).join(" / ");

const tableOf = (results: readonly Result[]): string =>
  [
    "| s, p50 / p95 / max | first patch | bar | final count | bar | patches |",
    "|---|---|---|---|---|---|",
    ...results.map(
      ({ scenario, firstSeconds, finalSeconds, targets, patches }) =>
        `| ${scenario} | ${cells(firstSeconds)} | ≤ ${targets.first} | ${cells(finalSeconds)} | ≤ ${targets.final} | ${patches.p50} to ${patches.max} |`,
    ),
    "",
    "| s, min / p50 / max | first patch | final count |",
    "|---|---|---|",
    ...KEDA.map(({ name, first, final }) => `| ${name} | ${first} | ${final} |`),
  ].join("\n");

/** Also where a repeat never got there, or none was made. */
const isMissed = ({ firstSeconds, finalSeconds, targets }: Result): boolean =>
  !(firstSeconds.max <= targets.first && finalSeconds.max <= targets.final);

const scope = await createRunScope();
try {
  const stage = await createReactionStage(scope);
  const worker = await stage.startWorker(REPEATS);
  const results: Result[] = [];
  let operator = await stage.startOperator({ fastPath: true });
  let path: Path = "fast";
  for (const scenario of SCENARIOS.filter(({ name }) => name.includes(values.only))) {
    if (scenario.path !== path) {
      await operator.end(10_000);
      operator = await stage.startOperator({ fastPath: false });
      ({ path } = scenario);
    }
    say(`${scenario.name} ...`);
    const repeats = await play(stage, scenario);
    results.push({
      scenario: scenario.name,
      repeats: repeats.length,
      firstSeconds: summary(repeats.map(({ firstSeconds }) => firstSeconds)),
      finalSeconds: summary(repeats.map(({ finalSeconds }) => finalSeconds)),
      patches: summary(repeats.map(({ patches }) => patches)),
      targets: scenario.targets,
    });
    say(JSON.stringify(results.at(-1)));
  }
  await operator.end(10_000);
  await worker.end(10_000);
  const report = { burst: BURST, max: MAX, scrapeSeconds, cycleSeconds, results, keda: KEDA };
  if (values.json === true) console.log(JSON.stringify(report));
  else console.log(tableOf(results));
  const missed = results.filter(isMissed);
  if (missed.length > 0) {
    say(`above the bar: ${missed.map(({ scenario }) => scenario).join(", ")}`);
    process.exitCode = 1;
  }
} finally {
  await scope.stop();
}
