import { expect, test } from "vitest";
import { type ScenarioOptions, startedScenario } from "../../test/fakes/operator-scenario.ts";
import { viewOf } from "./autoscaler-view.ts";
import { explanationOf } from "./explanation.ts";

async function explained(
  options: ScenarioOptions,
  walk: (scenario: Awaited<ReturnType<typeof startedScenario>>) => Promise<void>,
) {
  const scenario = await startedScenario(options);
  await walk(scenario);
  const [autoscaler] = scenario.operator.autoscalers;
  if (autoscaler === undefined) throw new Error("no autoscaler");
  const view = viewOf(autoscaler);
  return { view, text: explanationOf(view, { last: 3, nowMs: scenario.clock.nowMs + 1_500 }) };
}
const sectionOf = (text: string, title: string): string[] => {
  const [, after = ""] = text.split(`\n${title}`);
  return (after.split("\n\n")[0] ?? "")
    .split("\n")
    .slice(1)
    .map((line) => line.trim());
};

test("tells the promise, the replicas, what is known with its age, the decisions and the terms", async () => {
  const { view, text } = await explained(
    { spec: { objective: { waitSeconds: 5 }, queues: [{ name: "jobs.image", waitSeconds: 2 }] } },
    async (scenario) => {
      await scenario.walk(2);
      scenario.world.publish(20);
      await scenario.walk(4);
    },
  );
  expect(text.split("\n")[0]).toBe("default/images");
  expect(sectionOf(text, "Promise:")[0]).toBe("95 % of the jobs start within 5 s, jobs.image within 2 s.");
  expect(sectionOf(text, "Replicas:")[0]).toMatch(
    /^ProcessPool workers: \d+ wanted, \d+ there, \d+ ready; the policy recommends \d+, from 0 to 10 are allowed\.$/,
  );
  expect(sectionOf(text, "Known:")[0]).toBe("looked at 1.5 s ago");
  expect(sectionOf(text, "Known:")[1]).toMatch(
    /^default\/\/\/jobs\.image: \d+ ready \(0 s old\), \d+ running on \d+ reporting replicas \(1 s old\)$/,
  );
  const decisions = sectionOf(text, "Last decisions");
  const change = view.status.history[0];
  expect(
    decisions.some(
      (line) => line.includes(`0 → ${change?.to}`) && line.includes(String(change?.explanation)),
    ),
  ).toBe(true);
  expect(sectionOf(text, "Terms").map((line) => line.split(/\s+/)[0])).toEqual([
    ...(view.verdict?.terms ?? []).map(({ name }) => name.split(" ")[0]),
    "recommended",
    "decided",
  ]);
});

test("shows only the last decisions asked for", async () => {
  const { view, text } = await explained({}, async (scenario) => {
    for (let round = 0; round < 4; round++) {
      scenario.world.publish(20);
      await scenario.walk(60);
    }
  });
  expect(view.decisions.length).toBeGreaterThan(3);
  expect(sectionOf(text, "Last decisions").length).toBe(3);
});

test("says what stands in the way, and which bound to move", async () => {
  const { text } = await explained({ spec: { replicas: { min: 0, max: 2 } } }, async (scenario) => {
    scenario.world.publish(100);
    await scenario.walk(4);
  });
  expect(sectionOf(text, "What would change it:")).toContain("A higher spec.replicas.max than 2.");
});

test("says when the hold ends, and only then does the count fall", async () => {
  const spec = { scaleIn: { holdSeconds: 60 } };
  const walked = await startedScenario({ spec });
  walked.world.publish(40);
  const endOfHold = () => {
    const [autoscaler] = walked.operator.autoscalers;
    const text = autoscaler && explanationOf(viewOf(autoscaler), { last: 1, nowMs: walked.clock.nowMs });
    const told = /^The end of the hold, at (\S+Z) unless more are needed before: fewer replicas must/;
    return sectionOf(text ?? "", "What would change it:").flatMap((line) => told.exec(line)?.[1] ?? []);
  };
  let endMs = Number.POSITIVE_INFINITY;
  await walked.walk(20);
  const raised = walked.desired;
  while (walked.desired === raised) {
    endMs = Math.min(...endOfHold().map((time) => Date.parse(time)), endMs);
    await walked.walk(2);
  }
  expect(walked.clock.nowMs).toBeGreaterThanOrEqual(endMs);
  expect(walked.clock.nowMs - endMs).toBeLessThanOrEqual(4_000);
});

test("says that only the load matters when nothing stands in the way", async () => {
  const { text } = await explained({}, (scenario) => scenario.walk(4));
  expect(sectionOf(text, "What would change it:")).toEqual([
    "Only the load: nothing else stands in the way.",
  ]);
});

test("says what is unknown, and never a figure in its place", async () => {
  const { text } = await explained({ spec: { mode: "DryRun" } }, async (scenario) => {
    scenario.world.broker = "away";
    scenario.world.workers = "away";
    await scenario.walk(2);
  });
  expect(text).toContain("default///jobs.image: ready unknown, workers unknown");
  expect(text).toContain(
    "SignalsFresh: The ready count of default///jobs.image is not known. Connection refused.",
  );
  expect(text).toContain("DryRun: nothing is changed");
});

test("before the first look, and with a target out of sight, there is nothing yet", async () => {
  const fresh = await explained({}, () => Promise.resolve());
  expect(sectionOf(fresh.text, "Last decisions")).toEqual(["nothing yet"]);
  expect(sectionOf(fresh.text, "Known:")).toEqual(["nothing yet"]);
  const blind = await explained({}, async (scenario) => {
    scenario.fleet.unknownBecause = "the pool is gone";
    await scenario.walk(2);
  });
  expect(blind.text).toContain("ProcessPool workers could not be observed.");
  expect(blind.text).toContain("Ready: The target cannot be observed: the pool is gone.");
});

test("a decision that was not carried out says so, and how often", async () => {
  const { text } = await explained({}, async (scenario) => {
    scenario.fleet.refusal = { kind: "failed", because: "no more processes" };
    scenario.world.publish(1);
    await scenario.walk(6);
  });
  expect(text).toContain("failed: no more processes");
});

test("with nothing but the status of a cluster, tells the decisions that it keeps and what came of them", async () => {
  const { view } = await explained({ spec: { replicas: { min: 0, max: 3 } } }, async (scenario) => {
    await scenario.walk(2);
    scenario.world.publish(200);
    await scenario.walk(4);
  });
  const { metadata, spec, status } = view;
  const stored = { ...status, objective: { attainmentRatio: "0.97" } };
  const text = explanationOf({ metadata, spec, status: stored }, { last: 10, nowMs: 0 });
  expect(sectionOf(text, "Promise:")[1]).toBe("97 % did.");
  expect(sectionOf(text, "Known:")[0]).toMatch(/^arrivals .* service time/);
  const change = status.history.at(-1);
  expect(sectionOf(text, "Last decisions")[0]).toContain(`${change?.time}  0 → 3  ${change?.reason}`);
  expect(sectionOf(text, "Last decisions").at(-1)).toContain(String(status.lastDecision?.explanation));
  expect(sectionOf(text, "Terms").at(-1)).toMatch(/^decided +3$/);
  expect(sectionOf(text, "What would change it").at(-1)).toBe("A higher spec.replicas.max than 3.");
});

test("with a resource that nobody has looked at yet, has nothing to tell and makes nothing up", async () => {
  const { view } = await explained({}, async () => {});
  const text = explanationOf({ metadata: view.metadata, spec: view.spec }, { last: 10, nowMs: 0 });
  for (const title of ["Known:", "Last decisions", "Terms", "What would change it"])
    expect(sectionOf(text, title), title).toEqual(["nothing yet"]);
});

test("a status whose last decision is its last change tells it once", async () => {
  const { view } = await explained({}, async () => {});
  const decision = {
    time: "2026-07-15T12:00:00Z",
    from: 0,
    to: 2,
    reason: "backlog",
    explanation: "Jobs wait.",
  };
  const status = { history: [decision], lastDecision: decision };
  const text = explanationOf({ metadata: view.metadata, spec: view.spec, status }, { last: 10, nowMs: 0 });
  expect(sectionOf(text, "Last decisions")).toEqual(["2026-07-15T12:00:00Z  0 → 2  backlog  Jobs wait."]);
});
