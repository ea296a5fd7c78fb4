import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chartTools } from "../../chart/chart-tools.ts";
import type { OperatorProcess } from "../../integration/operator/operator-process.ts";
import type { OperatorWorld } from "../operator/operator-world.ts";
import { eventually } from "../operator/operator-world.ts";
import { logged, scenarios, sentence } from "./missing-rights.ts";
import { type RbacStage, rbacStage } from "./rbac-stage.ts";
import { pausedReplicas, type RoleOperator, roleOperator, roleWorld } from "./role-world.ts";

const tools = await chartTools();
const helm = "missing" in tools ? "" : tools.helm4;
const minute = 60_000;
/** Sooner than what the operator writes at leisure, which is up to ten seconds old. */
const soonerMs = 9_000;

/** Those of one namespace, in which the operator's lease is, and those to read autoscalers: tried with an operator of its own. */
const ofTheWhole = [
  "list workerautoscalers.millrace.dev",
  "watch workerautoscalers.millrace.dev",
  "get leases.coordination.k8s.io",
  "create leases.coordination.k8s.io",
  "update leases.coordination.k8s.io",
] as const;

describe.skipIf("missing" in tools)("a right of the chart's role is missing", () => {
  let stage: RbacStage;
  let whole: OperatorWorld;
  let operator: OperatorProcess;
  let granted: RoleOperator;
  /** All at one time, in namespaces of their own. */
  let played: readonly Promise<void>[];

  beforeAll(async () => {
    stage = await rbacStage();
    whole = await roleWorld(stage);
    await whole.declare("jobs");
    await whole.deploy("worker");
    await whole.autoscale("images");
    const worlds = await Promise.all(scenarios.map(() => roleWorld(stage)));
    const namespaces = [whole, ...worlds].map(({ namespace }) => namespace);
    granted = await roleOperator(stage, { helm, namespaces });
    const started = Promise.withResolvers<OperatorProcess>();
    const trials = scenarios.map(async (scenario, index) => {
      const world = worlds[index];
      if (world === undefined) throw new Error("as many worlds as scenarios");
      await scenario.prepare(world);
      await granted.role.lacking(stage.client, world.namespace, scenario.rights.slice(0, 1));
      return { scenario, trial: { stage, world, roleOperator: granted, operator: started.promise } };
    });
    const prepared = await Promise.all(trials);
    operator = granted.start();
    started.resolve(operator);
    played = prepared.map(({ scenario, trial }) => scenario.play(trial));
    for (const one of played) one.catch(() => {}); // the test of it tells
  }, 5 * minute);
  afterAll(() => stage.stop());

  test("the others go on meanwhile", async () => {
    await eventually(() => whole.condition("images", "Ready")).toBe("True Deciding");
    await whole.annotate("images", { [pausedReplicas]: "2" });
    await eventually(() => whole.replicas(), 20_000).toBe(2);
    await eventually(async () => (await whole.status("images")).lastDecision?.to, soonerMs).toBe(2);
  });

  test.each(scenarios.map(({ rights }, index) => ({ rights: rights.join(", "), index })))(
    "$rights: it is named with the remedy, and given back it is used",
    async ({ index }) => {
      await played[index];
    },
    3 * minute,
  );

  test("the status of the others is not late, and the operator still runs as it was started", async () => {
    await whole.annotate("images", { [pausedReplicas]: "1" });
    await eventually(async () => (await whole.status("images")).lastDecision?.to, soonerMs).toBe(1);
    expect(operator.lines.filter(({ msg }) => msg === "operator ready")).toHaveLength(1);
    expect(operator.lines.filter(({ msg }) => msg === "no longer leading")).toEqual([]);
  });

  test("to read autoscalers, or for the lease: the log names it, and given back it leads", async () => {
    const world = await roleWorld(stage);
    await world.declare("jobs");
    await world.deploy("worker");
    await world.autoscale("images", {}, { [pausedReplicas]: "1" });
    const { role, release, start } = await roleOperator(stage, { helm, namespaces: [world.namespace] });
    const [list, watch, get, create, update] = ofTheWhole;
    const { client } = stage;
    await role.lacking(client, world.namespace, [list]);
    await role.lacking(client, release, [get]);
    const alone = start();
    await logged(alone, sentence(list, world.namespace));
    const url = await alone.url();
    const notReady = async () => (await fetch(`${url}/readyz`)).text();
    await eventually(notReady).toContain(sentence(list, world.namespace));
    await role.lacking(client, world.namespace, [watch]);
    await logged(alone, sentence(watch, world.namespace));
    await role.lacking(client, world.namespace, []);
    await logged(alone, sentence(get, release));
    await eventually(notReady).toContain(sentence(get, release));
    await role.lacking(client, release, [create]);
    await logged(alone, sentence(create, release));
    expect(alone.lines.map(({ msg }) => msg)).not.toContain("leading");
    await role.lacking(client, release, []);
    await alone.line(({ msg }) => msg === "leading");
    await eventually(() => world.replicas()).toBe(1);
    await eventually(notReady).toContain('"status":"ok"');
    await role.lacking(client, release, [update]);
    await logged(alone, sentence(update, release));
    const lost = await alone.line(({ msg }) => msg === "no longer leading");
    await role.lacking(client, release, []);
    await alone.line(({ msg }) => msg === "leading", alone.lines.indexOf(lost));
  });

  test("each right that the chart gives is tried", () => {
    const tried = [...scenarios.flatMap(({ rights }) => rights), ...ofTheWhole];
    expect(tried.toSorted()).toEqual([...granted.role.granted].toSorted());
  });
});
