import { request } from "node:https";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type ApiPath, urlPath } from "../../src/kubernetes/api-path.ts";
import { type ClusterAccess, clusterAccess } from "../../src/kubernetes/cluster-access.ts";
import { type ClusterClient, createClusterClient } from "../../src/kubernetes/cluster-client.ts";
import type { WorkerAutoscalerStatus } from "../../src/resource/worker-autoscaler-status.ts";
import { freshNamespace } from "../support/fresh-namespace.ts";
import { installDefinition, workerAutoscalerDefinition } from "../support/install-definition.ts";
import { wholeAutoscaler } from "./whole-autoscaler.ts";

const resource = { group: "millrace.dev", version: "v1alpha1", plural: "workerautoscalers" };
let access: ClusterAccess;
let client: ClusterClient;

beforeAll(async () => {
  access = await clusterAccess({ env: {}, kubeconfig: inject("controlPlane").kubeconfig });
  client = createClusterClient(access);
  await installDefinition(client, workerAutoscalerDefinition);
});
afterAll(() => client.close());

const decision = {
  time: "2026-01-02T03:04:05Z",
  kind: "scale" as const,
  from: 3,
  to: 4,
  recommended: 4,
  reason: "backlog",
  limitedBy: ["scale-out-step"],
  explanation: "40 jobs wait and would start too late.",
  outcome: "scaled",
  repeated: 0,
};
const status = {
  observedGeneration: 1,
  conditions: [
    {
      type: "Ready",
      status: "True" as const,
      observedGeneration: 1,
      lastTransitionTime: "2026-01-02T03:04:05Z",
      reason: "Deciding",
      message: "The target and every queue are known.",
    },
  ],
  replicas: { current: 4, desired: 4, recommended: 5, ready: 3 },
  objective: { attainmentRatio: "0.973", waitSecondsP95: 11.5 },
  estimate: {
    arrivalsPerSecond: 12.25,
    serviceSeconds: 0.5,
    offeredLoad: 6.1,
    startupSeconds: 4,
    predictedWaitSeconds: 9,
  },
  lastDecision: decision,
  history: [decision],
  durable: { v: 1, control: { anything: [1, { at: "all" }] } },
} satisfies WorkerAutoscalerStatus;

async function create(): Promise<ApiPath> {
  const namespace = await freshNamespace(client);
  const document = wholeAutoscaler(namespace);
  await client.create({ resource, namespace }, document);
  return { resource, namespace, name: document.metadata.name };
}
const writeStatus = (path: ApiPath, written: object): Promise<unknown> =>
  client.mergePatch({ ...path, subresource: "status" }, { status: written });

test("the status is stored whole, what is durable in any shape, and the spec is not written with it", async () => {
  const path = await create();
  await client.mergePatch({ ...path, subresource: "status" }, { status, spec: { mode: "DryRun" } });
  expect(await client.get(path)).toMatchObject({
    spec: { mode: "Active" },
    metadata: { generation: 1 },
    status,
  });
  await client.mergePatch(path, { status: { observedGeneration: 9 } });
  expect(await client.get(path)).toMatchObject({ status: { observedGeneration: 1 } });
});

test.each([
  ["eleven decisions of history", { history: Array.from({ length: 11 }, () => decision) }, "status.history"],
  ["a ratio that is a number", { objective: { attainmentRatio: 0.97 } }, "status.objective.attainmentRatio"],
  [
    "two conditions of one type",
    { conditions: [...status.conditions, ...status.conditions] },
    "status.conditions[1]",
  ],
  [
    "a decision without its reason",
    { lastDecision: { ...decision, reason: undefined } },
    "lastDecision.reason",
  ],
])("a status with %s is refused", async (_title, written, field) => {
  const path = await create();
  await expect(writeStatus(path, written)).rejects.toThrow(field);
});

test("kubectl get wa reads: target, wait, attained, ready, desired, reason, age; more with -o wide", async () => {
  const path = await create();
  await writeStatus(path, status);
  const { columnDefinitions, rows } = await table(path);
  const shown = (priority: number) =>
    columnDefinitions.flatMap((column, index) =>
      column.priority === priority ? [[column.name, rows[0]?.cells[index]]] : [],
    );
  expect(shown(0)).toEqual([
    ["Name", "images"],
    ["Target", "image-worker"],
    ["Wait", 15],
    ["Attained", "0.973"],
    ["Ready", 3],
    ["Desired", 4],
    ["Reason", "backlog"],
    ["Age", expect.stringMatching(/^\d+m?s$/)],
  ]);
  expect(shown(1)).toEqual([
    ["Mode", "Active"],
    ["Min", 0],
    ["Max", 50],
    ["Recommended", 5],
    ["Message", "The target and every queue are known."],
  ]);
});

test("it is found as wa, among `kubectl get all`, and has a status but no scale", async () => {
  const list = await client.getPath<{
    resources: { name: string; shortNames?: string[]; categories?: string[]; namespaced: boolean }[];
  }>("/apis/millrace.dev/v1alpha1");
  expect(list.resources.map(({ name }) => name)).toEqual(["workerautoscalers", "workerautoscalers/status"]);
  expect(list.resources[0]).toMatchObject({ shortNames: ["wa"], categories: ["all"], namespaced: true });
});

type Table = {
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[];
  readonly rows: readonly { readonly cells: readonly unknown[] }[];
};

/** What kubectl asks for to print a list. */
async function table(path: ApiPath): Promise<Table> {
  const { headers, tls } = await access.credentials();
  return new Promise((resolve, reject) => {
    const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
    request(`${access.server}${urlPath(path)}`, { ...tls, headers: { ...headers, accept } }, (response) => {
      text(response).then((body) => resolve(JSON.parse(body) as Table), reject);
    })
      .on("error", reject)
      .end();
  });
}
