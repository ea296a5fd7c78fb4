import { readdirSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { autoscalerResource, type ScenarioOptions } from "../../test/fakes/operator-scenario.ts";
import { ServedPage } from "../../test/fakes/served-page.ts";
import { Autoscaler } from "../operator/autoscaler.ts";
import type { Decision } from "../operator/decision-log.ts";
import type { Detail, Problem } from "./contract.ts";

async function served(options: ScenarioOptions = {}) {
  const page = new ServedPage(options);
  await page.scenario.operator.restore();
  await page.scenario.walk(4);
  onTestFinished(() => page.server.close());
  const get = (url: string, headers: Record<string, string> = {}) => page.server.inject({ url, headers });
  const detail = async (query = ""): Promise<Detail> =>
    (await get(`/console/autoscalers/default/images${query}`)).json();
  return { page, get, detail };
}

/** One that is named as no schema allows: what tells of it must not rely on that. */
function named(namespace: string, name: string): Autoscaler {
  const resource = autoscalerResource({ queues: [{ name: `jobs.${name}`.slice(0, 255) }] });
  const metadata = { ...resource.metadata, namespace, name };
  return new Autoscaler({ ...resource, metadata }, { saved: undefined, decisionsKept: 100, nowMs: 0 });
}

describe("the page's files", () => {
  test("come with their types, a policy that allows nothing from elsewhere, and a tag", async () => {
    const { get } = await served();
    const page = await get("/");
    expect(page.statusCode).toBe(200);
    expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(page.headers["content-security-policy"]).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(page.headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cache-control": "no-cache",
    });
    const { etag } = page.headers;
    expect((await get("/", { "if-none-match": `W/"other", ${etag}` })).statusCode).toBe(304);
    expect((await get("/", { "if-none-match": '"other"' })).statusCode).toBe(200);
  });

  test("are all there, and name no address elsewhere", async () => {
    const { get } = await served();
    const own = readdirSync(new URL("page/", import.meta.url)).filter((file) => /\.(js|css|svg)$/.test(file));
    expect(own.length).toBeGreaterThan(10);
    for (const file of [...own, "uplot.js", "uplot.css"]) {
      const answer = await get(`/console/${file}`);
      expect(answer.statusCode, file).toBe(200);
      expect(answer.headers["content-type"], file).toMatch(/^(text\/(javascript|css)|image\/svg\+xml)/);
      expect(answer.headers["content-security-policy"], file).toContain("default-src 'none'");
      const elsewhere = answer.body.match(/["'`(](?:https?:)?\/\/[\w-]+\.[^"'`)\s]*/g) ?? [];
      expect(
        elsewhere.filter((address) => !address.includes("www.w3.org")),
        file,
      ).toEqual([]);
    }
  });

  test.each(["tsconfig.json", "index.html", "..%2foperator-page.ts", "../package.json", "%00", "nothing.js"])(
    "are no others: %s",
    async (file) => {
      const { get } = await served();
      expect((await get(`/console/${file}`)).statusCode).toBe(404);
    },
  );
});

describe("the details of an autoscaler", () => {
  test("tell the promise, what is known, what would change it, and its series", async () => {
    const { page, detail, get } = await served();
    page.scenario.world.publish(30);
    await page.scenario.walk(6);
    const told = await detail();
    expect(told).toMatchObject({
      summary: {
        key: "default/images",
        target: "ProcessPool workers",
        promise: { waitSeconds: 5, attainmentRatio: 0.95 },
        replicas: { desired: page.scenario.desired, ready: page.scenario.ready, min: 0, max: 10 },
        lookedAt: new Date(page.scenario.clock.nowMs).toISOString(),
        sentence: expect.stringContaining(" "),
      },
      spec: { queues: [{ name: "jobs.image" }] },
      signals: [
        {
          id: "default///jobs.image",
          queue: { broker: "default", vhost: "/", name: "jobs.image" },
          broker: { ready: expect.any(Number) },
        },
      ],
      verdict: { terms: expect.any(Array) },
    });
    expect(told.conditions.map(({ type }) => type)).toContain("ObjectiveFeasible");
    expect(told.wouldChange.length).toBeGreaterThan(0);
    expect(told.summary.point?.time).toBe(Math.floor(page.scenario.clock.nowMs / 1_000));
    const answer = await get("/console/autoscalers/default/images");
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
  });

  test("say that the hold keeps the count up, and that a bound does", async () => {
    const { page, detail } = await served({
      spec: { replicas: { min: 0, max: 2 }, scaleIn: { holdSeconds: 60 } },
    });
    page.scenario.world.publish(60);
    await page.scenario.walk(4);
    expect((await detail()).wouldChange).toContain("A higher spec.replicas.max than 2.");
    await page.scenario.walk(60);
    expect((await detail()).wouldChange.join(" ")).toMatch(
      /The end of the hold, at 2026-07-15T12:\d\d:\d\dZ unless more are needed before/,
    );
  });

  test("tell of each decision what was allowed when it was made", async () => {
    const { page, detail } = await served({ spec: { replicas: { min: 0, max: 2 } } });
    page.scenario.world.publish(60);
    await page.scenario.walk(4);
    page.scenario.replaceResource({ replicas: { min: 0, max: 5 } });
    await page.scenario.walk(4);
    const { decisions } = await detail();
    const changes = decisions.filter(({ kind }) => kind === "scale").map(({ to, bounds }) => [to, bounds]);
    expect(changes).toEqual([
      [5, { min: 0, max: 5 }],
      [2, { min: 0, max: 2 }],
    ]);
  });

  test("give the decisions page by page, newest first, none twice and none left out", async () => {
    const { page, detail } = await served();
    for (let round = 0; round < 3; round++) {
      page.scenario.world.publish(10);
      await page.scenario.walk(24);
    }
    expect(page.scenario.operator.autoscalers[0]?.decisions.count).toBeGreaterThan(5);
    const [autoscaler] = page.scenario.operator.autoscalers;
    const { decisionCount } = await detail("?limit=0");
    expect(decisionCount).toBe(autoscaler?.decisions.all().length);
    const seen: { seq: number; time: string }[] = [];
    let before = "";
    while (seen.length < decisionCount) {
      const { decisions } = await detail(`?limit=3&series=none${before}`);
      expect(decisions.length).toBe(Math.min(3, decisionCount - seen.length));
      seen.push(...decisions);
      before = `&before=${seen.at(-1)?.seq}`;
    }
    expect((await detail(`?limit=3${before}`)).decisions).toEqual([]);
    expect(seen.length).toBe(decisionCount);
    expect(seen.map(({ seq }) => seq)).toEqual(
      Array.from({ length: seen.length }, (_none, index) => (seen[0]?.seq ?? 0) - index),
    );
    expect(seen.map(({ time }) => Date.parse(time))).toEqual(
      autoscaler?.decisions
        .all()
        .map(({ atMs }) => atMs)
        .toReversed(),
    );
  });

  test("leave out the series when that is asked for, and refuse what they do not understand", async () => {
    const { detail, get } = await served();
    expect(await detail("?series=none")).not.toHaveProperty("series");
    expect(await detail()).toHaveProperty("series");
    const answer = await get("/console/autoscalers/default/images?limit=1000");
    expect(answer.statusCode).toBe(400);
    expect(answer.headers["content-type"]).toContain("application/problem+json");
    expect(answer.json<Problem>()).toMatchObject({
      code: "request-invalid",
      title: "limit: expected 0 to 100.",
    });
  });

  test("are as small and as fast after 10,000 decisions as after a few hundred", async () => {
    const { page, detail } = await served();
    const [autoscaler] = page.scenario.operator.autoscalers;
    const like = autoscaler?.decisions.last;
    if (autoscaler === undefined || like === undefined) throw new Error("nothing was decided");
    const decide = (count: number) => {
      for (let index = 0; index < count; index++) {
        const to = index % 2;
        const decision: Decision = { ...like, kind: "scale", outcome: "scaled", from: 1 - to, to };
        autoscaler.decisions.add({ ...decision, atMs: page.scenario.clock.nowMs + index });
      }
    };
    const measured = async () => {
      const times: number[] = [];
      let length = 0;
      for (let round = 0; round < 5; round++) {
        const startedMs = performance.now();
        ({ length } = JSON.stringify(await detail("?limit=100")));
        times.push(performance.now() - startedMs);
      }
      return { length, ms: Math.min(...times) };
    };
    decide(300);
    const few = await measured();
    decide(10_000);
    const many = await measured();
    expect((await detail("?limit=100")).decisions[0]?.seq).toBeGreaterThan(10_000);
    expect(many.length).toBeLessThan(few.length * 1.1);
    expect(many.ms).toBeLessThan(few.ms * 5 + 20);
  });

  test("are not there for a name that nobody has", async () => {
    const { get } = await served();
    const answer = await get("/console/autoscalers/default/nobody");
    expect(answer.statusCode).toBe(404);
    expect(answer.json<Problem>()).toMatchObject({
      code: "autoscaler-unknown",
      title: "No autoscaler is named default/nobody.",
    });
    expect(answer.headers["content-security-policy"]).toContain("default-src 'none'");
  });
});

describe("names that mean harm", () => {
  const names = [
    '"}',
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "a/b/../c",
    "..%2f..%2fetc",
    "line\nevent: snapshot\ndata: {}",
    "ünïcödé-漢字-🐇",
    "\u2028\u0000'\\",
    "n".repeat(250),
    "€".repeat(250),
  ];

  test.each(names)("are one value in the address and in the answer: %j", async (name) => {
    const { page, get } = await served();
    page.others = [named(`in ${name}`, name)];
    const path = [`in ${name}`, name].map(encodeURIComponent).join("/");
    const answer = await get(`/console/autoscalers/${path}?series=none`);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(answer.json<Detail>().summary).toMatchObject({ namespace: `in ${name}`, name });
    const unknown = await get(`/console/autoscalers/default/${encodeURIComponent(name)}`);
    expect(unknown.json<Problem>()).toMatchObject({ code: "autoscaler-unknown" });
  });
});

describe("an operator that follows another", () => {
  test("says so, and who leads", async () => {
    const { page, get } = await served();
    page.isFollower = true;
    page.leader = "millrace-operator-1";
    const answer = await get("/console/autoscalers/default/images");
    expect(answer.statusCode).toBe(503);
    expect(answer.headers).toMatchObject({ "millrace-role": "follower", "retry-after": "5" });
    expect(answer.json<Problem>()).toMatchObject({
      code: "operator-follows",
      detail: "Ask the one that leads: millrace-operator-1.",
    });
  });
});
