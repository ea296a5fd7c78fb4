import { expect, vi } from "vitest";
import type { OperatorProcess } from "../../integration/operator/operator-process.ts";
import type { OperatorWorld } from "../operator/operator-world.ts";
import { oneBusyOfFour } from "./one-busy-of-four.ts";
import { type RbacStage, refusedCount } from "./rbac-stage.ts";
import { pausedReplicas, type RoleOperator } from "./role-world.ts";
import {
  createHpa,
  createScaledObject,
  createTarget,
  replicasOf,
  scaleTargetRef,
  type TargetKind,
} from "./targets.ts";

/** One namespace in which rights are taken away and given back while the operator runs. */
export type Trial = {
  readonly stage: RbacStage;
  readonly world: OperatorWorld;
  readonly roleOperator: RoleOperator;
  readonly operator: Promise<OperatorProcess>;
};

/** `rights`: those that are tried, as `rightText` writes them; the first is missing before the operator starts. */
export type Scenario = {
  readonly rights: readonly string[];
  /** Before the operator starts. */
  prepare(world: OperatorWorld): Promise<void>;
  /** Resolves when each was missed by name, and all is well again. */
  play(trial: Trial): Promise<void>;
};

/** A status may be as old as what the operator writes at leisure. */
const untilMs = 60_000;
const until = (isSo: () => Promise<void>) => vi.waitFor(isSo, { timeout: untilMs, interval: 200 });

/** `list pods` → `lacks list on pods in namespace a`; `get deployments/scale.apps` → `lacks get on deployments/scale in API group apps in namespace a`. */
export const sentence = (right: string, namespace: string): string => {
  const [verb = "", resource = ""] = right.split(" ");
  const dot = resource.indexOf(".");
  const named = dot < 0 ? resource : `${resource.slice(0, dot)} in API group ${resource.slice(dot + 1)}`;
  return `The operator's role lacks ${verb} on ${named} in namespace ${namespace} (403): grant it, or let the chart create the role.`;
};

const lacking = ({ stage, world, roleOperator }: Trial, ...rights: string[]) =>
  roleOperator.role.lacking(stage.client, world.namespace, rights);

const readyMessage = async (world: OperatorWorld): Promise<string | undefined> =>
  (await world.status("images")).conditions?.find(({ type }) => type === "Ready")?.message;
const problem = async (world: OperatorWorld): Promise<string | undefined> =>
  (await world.status("images")).lastDecision?.problem;

/** A line of the log, any of whose fields has the sentence. */
export const logged = async (operator: OperatorProcess, text: string, from = 0): Promise<void> => {
  await operator.line((line) => JSON.stringify(line).includes(JSON.stringify(text).slice(1, -1)), from);
};

const autoscale = async (world: OperatorWorld, kind: TargetKind, count: number): Promise<void> => {
  await world.declare("jobs");
  await createTarget(world.client, world.namespace, { kind, name: "worker" });
  const spec = { replicas: { min: 0, max: 4 }, scaleTargetRef: scaleTargetRef(kind, "worker") };
  await world.autoscale("images", spec, { [pausedReplicas]: String(count) });
};

const scaledTo = ({ client, namespace }: OperatorWorld, kind: TargetKind, count: number): Promise<void> =>
  until(async () => expect(await replicasOf(client, namespace, { kind, name: "worker" })).toBe(count));

/** A kind that the operator watches: without it the target is not known, and so is left alone. */
const watched = (resource: string, kind: TargetKind = "Deployment"): Scenario => {
  const rights = [`list ${resource}`, `watch ${resource}`];
  return {
    rights,
    prepare: (world) => autoscale(world, kind, 2),
    async play(trial) {
      const { world } = trial;
      for (const right of rights) {
        await lacking(trial, right);
        await until(async () =>
          expect(await readyMessage(world)).toContain(sentence(right, world.namespace)),
        );
        expect(await replicasOf(world.client, world.namespace, { kind, name: "worker" })).toBe(0);
      }
      await lacking(trial);
      await scaledTo(world, kind, 2);
      await until(async () => expect(await world.condition("images", "Ready")).toBe("True Deciding"));
    },
  };
};

/** Of a kind of target: without it the change is not made, and the decision says why. */
const scaled = (resource: string, kind: TargetKind): Scenario => {
  const [get, patch] = [`get ${resource}`, `patch ${resource}`] as const;
  // Of a kind that is not watched the count is read.
  const said = kind === "Rollout" ? readyMessage : problem;
  return {
    rights: [get, patch],
    prepare: (world) => autoscale(world, kind, refusedCount),
    async play(trial) {
      const { world } = trial;
      await until(async () => expect(await said(world)).toContain(sentence(get, world.namespace)));
      await lacking(trial, patch);
      await world.annotate("images", { [pausedReplicas]: "2" });
      await until(async () => expect(await problem(world)).toContain(sentence(patch, world.namespace)));
      await lacking(trial);
      await scaledTo(world, kind, 2);
    },
  };
};

/** The status cannot say so: the log does. */
const statusWrite: Scenario = {
  rights: ["patch workerautoscalers/status.millrace.dev"],
  prepare: (world) => autoscale(world, "Deployment", 2),
  async play(trial) {
    const { world } = trial;
    const [right = ""] = statusWrite.rights;
    await logged(await trial.operator, sentence(right, world.namespace));
    await scaledTo(world, "Deployment", 2);
    await lacking(trial);
    await until(async () => expect((await world.status("images")).lastDecision?.to).toBe(2));
  },
};

const eventWrite: Scenario = {
  rights: ["create events.events.k8s.io"],
  prepare: (world) => autoscale(world, "Deployment", 2),
  async play(trial) {
    const { world } = trial;
    const [right = ""] = eventWrite.rights;
    await scaledTo(world, "Deployment", 2);
    const operator = await trial.operator;
    await logged(operator, sentence(right, world.namespace));
    const url = await operator.url();
    await until(async () =>
      expect(await (await fetch(`${url}/readyz`)).text()).toContain(sentence(right, world.namespace)),
    );
    expect(await world.events()).toEqual([]);
    await lacking(trial);
    await world.annotate("images", { [pausedReplicas]: "1" });
    await until(async () => expect((await world.events()).map(({ action }) => action)).toContain("Scale"));
  },
};

/** Without them nothing is chosen, and so nothing removed; a mark that cannot be taken back is told of. */
const podWrite = (network: string): Scenario => {
  const rights = ["patch pods", "get pods"];
  const [patch = "", get = ""] = rights;
  return {
    rights,
    async prepare(world) {
      await world.declare("jobs");
      await world.deploy("worker");
      await world.autoscale("images", { replicas: { min: 1, max: 4 } });
    },
    async play(trial) {
      const { stage, world } = trial;
      await lacking(trial);
      await oneBusyOfFour(stage, world, { network });
      await lacking(trial, patch);
      await world.annotate("images", { [pausedReplicas]: String(refusedCount) });
      await until(async () => {
        const because = `Nothing was removed, as the idle pods could not be marked. ${sentence(patch, world.namespace)}`;
        expect(await problem(world)).toContain(because);
      });
      await lacking(trial, get);
      await logged(await trial.operator, sentence(get, world.namespace));
      expect(await world.replicas()).toBe(4);
      await lacking(trial);
      await world.annotate("images", { [pausedReplicas]: "1" });
      await scaledTo(world, "Deployment", 1);
    },
  };
};

const owned = (resource: string, own: typeof createHpa): Scenario => {
  const scenario = watched(resource);
  return {
    ...scenario,
    async prepare(world) {
      await scenario.prepare(world);
      await world.deploy("another");
      await own(world.client, world.namespace, "another");
    },
  };
};

/** Every right that the chart gives in a namespace with autoscalers, but those to read them. */
export const scenarios: readonly Scenario[] = [
  watched("pods"),
  watched("deployments.apps"),
  watched("replicasets.apps", "ReplicaSet"),
  watched("statefulsets.apps", "StatefulSet"),
  owned("horizontalpodautoscalers.autoscaling", createHpa),
  owned("scaledobjects.keda.sh", createScaledObject),
  scaled("deployments/scale.apps", "Deployment"),
  scaled("statefulsets/scale.apps", "StatefulSet"),
  scaled("replicasets/scale.apps", "ReplicaSet"),
  scaled("rollouts/scale.example.com", "Rollout"),
  statusWrite,
  eventWrite,
  podWrite("127.78.3"),
];
