import { describe, expect } from "vitest";
import { camelCase } from "../../src/kubernetes/event-document.ts";
import type { WorkerAutoscalerStatus } from "../../src/resource/worker-autoscaler-status.ts";
import { eventually } from "./support/eventually.ts";
import { customResourceDefinitions, events, rollouts } from "./support/kinds.ts";
import { operatorAddresses } from "./support/operator-pods.ts";
import { jobQueue, test } from "./support/scene.ts";

type Event = {
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly kind: string; readonly name: string };
};

/** Lines of this namespace's series on each operator pod. */
const seriesOf = (pages: readonly string[], namespace: string): readonly (readonly string[])[] =>
  pages.map((page) => page.split("\n").filter((line) => line.includes(`namespace="${namespace}"`)));

describe.concurrent("what is told", () => {
  test("events, status_update, prometheus_metrics: one change, the same reason in status, Event and metrics of the leader alone", async ({
    scene,
  }) => {
    const replicas = await scene.deploy({ serviceMs: 1_000 });
    await scene.autoscale();
    await scene.publisher.publish(jobQueue, 100);
    await replicas.reaches(4, 30_000);
    const changed = ({ history = [] }: WorkerAutoscalerStatus): boolean => history.length > 0;
    const { history: [first] = [], replicas: counts } = await scene.untilStatus(changed, "accounted for");
    if (first === undefined) throw new Error("no history");
    expect(first).toMatchObject({ from: 0, outcome: "scaled" });
    expect(counts).toMatchObject({ desired: expect.any(Number), recommended: expect.any(Number) });

    const list = async () => {
      const path = { resource: events, namespace: scene.namespace };
      const { items } = await scene.client.list<{ readonly items: readonly Event[] }>(path);
      return items.filter(({ regarding }) => regarding.kind === "WorkerAutoscaler");
    };
    const isTold = (told: readonly Event[]): boolean =>
      told.some(({ reason }) => reason === camelCase(first.reason));
    const told = await eventually("an Event with the reason", list, isTold, { withinMs: 60_000 });
    expect(told.map(({ note }) => note)).toContain(first.explanation);

    const addresses = await operatorAddresses(scene.client);
    const pages = await Promise.all(
      addresses.map(async (address) => (await fetch(`http://${address}:9090/metrics`)).text()),
    );
    const series = seriesOf(pages, scene.namespace).filter((lines) => lines.length > 0);
    expect(series, "operators that tell of this autoscaler").toHaveLength(1);
    const [lines = []] = series;
    expect(lines.join("\n")).toContain(`reason="${first.reason}"`);
    expect(lines.some((line) => line.startsWith("millrace_replicas_desired{"))).toBe(true);
  });

  test("subresource_scale: any kind with a scale subresource", async ({ scene }) => {
    await scene.client.create({ resource: customResourceDefinitions }, rolloutDefinition);
    try {
      const path = { resource: rollouts, namespace: scene.namespace };
      const rollout = {
        apiVersion: "proofs.millrace.dev/v1",
        kind: "Rollout",
        metadata: { name: "worker" },
        spec: { replicas: 0 },
      };
      const isServed = () =>
        scene.client.create(path, rollout).then(
          () => true,
          () => false, // not served yet
        );
      await eventually("the kind served", isServed, Boolean, { withinMs: 20_000 });
      const replicas = await scene.record(rollouts);
      await scene.autoscale({
        scaleTargetRef: { apiVersion: "proofs.millrace.dev/v1", kind: "Rollout", name: "worker" },
      });
      await scene.publisher.publish(jobQueue, 100);
      await replicas.reaches(4, 30_000);
    } finally {
      const name = `${rollouts.plural}.${rollouts.group}`;
      try {
        await scene.remove();
      } finally {
        await scene.client.delete({ resource: customResourceDefinitions, name });
      }
    }
  });
});

const rolloutDefinition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${rollouts.plural}.${rollouts.group}` },
  spec: {
    group: rollouts.group,
    scope: "Namespaced",
    names: { plural: rollouts.plural, singular: "rollout", kind: "Rollout" },
    versions: [
      {
        name: rollouts.version,
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        },
        subresources: {
          status: {},
          scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" },
        },
      },
    ],
  },
};
