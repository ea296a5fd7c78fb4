import { expect, vi } from "vitest";
import { type ControlPlane, createControlPlane } from "../../../embedded/control-plane.ts";
import { createRabbitmq, type Rabbitmq } from "../../../embedded/rabbitmq.ts";
import { createRunScope, type RunScope } from "../../../embedded/run-scope.ts";
import type { ClusterClient } from "../../../src/kubernetes/cluster-client.ts";
import { installDefinition, workerAutoscalerDefinition } from "../../support/install-definition.ts";
import { type CustomKind, installKind } from "../custom-kinds.ts";
import { clientOf, deployments, freshNamespace, podTemplate } from "../fleet-harness.ts";
import { AuditLog } from "./audit-log.ts";

/** A kind that is none of ours, with a scale. */
export const rollout: CustomKind = {
  group: "example.com",
  version: "v1",
  kind: "Rollout",
  scale: { labelSelectorPath: ".status.selector" },
};

/** A count that the cluster's policy refuses; whoever is refused looks at the count again. */
export const refusedCount = 3;

const admission = (plural: string) => ({ group: "admissionregistration.k8s.io", version: "v1", plural });

/** Refuses one count of any target, as a policy of a cluster's owners may. */
const installPolicy = async (client: ClusterClient): Promise<void> => {
  const name = "refused-count";
  const rule = {
    apiGroups: ["*"],
    apiVersions: ["*"],
    operations: ["UPDATE"],
    resources: ["deployments/scale", "statefulsets/scale", "replicasets/scale", "rollouts/scale"],
  };
  const expression = `!has(object.spec.replicas) || object.spec.replicas != ${refusedCount}`;
  const spec = {
    matchConstraints: { resourceRules: [rule] },
    validations: [{ expression, message: `${refusedCount} is not wanted here` }],
  };
  await client.create({ resource: admission("validatingadmissionpolicies") }, { metadata: { name }, spec });
  await client.create(
    { resource: admission("validatingadmissionpolicybindings") },
    { metadata: { name }, spec: { policyName: name, validationActions: ["Deny"] } },
  );
  const namespace = await freshNamespace(client);
  const labels = { app: "tried" };
  const tried = { replicas: 0, selector: { matchLabels: labels }, template: podTemplate(labels) };
  await client.create({ resource: deployments, namespace }, { metadata: { name: "tried" }, spec: tried });
  const path = { resource: deployments, namespace, name: "tried", subresource: "scale" };
  const isRefused = async () => {
    const replicas = { op: "add", path: "/spec/replicas", value: refusedCount } as const;
    await expect(client.patch(path, [replicas], { query: { dryRun: "All" } })).rejects.toMatchObject({
      code: "invalid",
    });
  };
  await vi.waitFor(isRefused, { timeout: 20_000, interval: 100 });
};

export type RbacStage = {
  readonly controlPlane: ControlPlane;
  readonly broker: Rabbitmq;
  readonly audit: AuditLog;
  /** With all rights. */
  readonly client: ClusterClient;
  /** For files of the test. */
  readonly directory: string;
  /** Ended with the stage, the last one first. */
  onStop(end: () => Promise<unknown>): void;
  stop(): Promise<void>;
};

/** A control plane that keeps an audit log, with every kind that the operator looks at; and a broker. */
export const rbacStage = async (): Promise<RbacStage> => {
  const scope = await createRunScope();
  try {
    return await stageIn(scope);
  } catch (error) {
    await scope.stop();
    throw error;
  }
};

const stageIn = async (scope: RunScope): Promise<RbacStage> => {
  const audit = new AuditLog(scope.directory);
  const broker = await createRabbitmq(scope);
  const controlPlane = await createControlPlane(scope, { apiServerFlags: await audit.flags() });
  await Promise.all([broker.start(), controlPlane.start()]);
  const client = await clientOf(controlPlane.kubeconfig);
  await Promise.all([
    installDefinition(client, workerAutoscalerDefinition),
    installDefinition(client, new URL("../fixtures/keda/scaledobjects.keda.sh.yaml", import.meta.url)),
    installKind(client, rollout),
    installPolicy(client),
  ]);
  const ends: (() => Promise<unknown>)[] = [];
  return {
    controlPlane,
    broker,
    audit,
    client,
    directory: scope.directory,
    onStop: (end) => void ends.push(end),
    async stop() {
      for (const end of ends.toReversed()) await end();
      client.close();
      await scope.stop();
    },
  };
};
