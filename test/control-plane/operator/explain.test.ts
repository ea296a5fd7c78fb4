import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import type { Rabbitmq } from "../../../embedded/rabbitmq.ts";
import { runMillrace } from "../../integration/operator/operator-process.ts";
import {
  eventually,
  operatorWorld,
  plenty,
  startBroker,
  untilReady,
  workerAutoscalers,
} from "./operator-world.ts";

let broker: Rabbitmq;
let stopBroker: () => Promise<void>;
beforeAll(async () => {
  ({ broker, stop: stopBroker } = await startBroker());
});
afterAll(() => stopBroker());

test("with nothing but a kubeconfig it explains from the status, says what there is, and why an object cannot be read", async () => {
  const world = await operatorWorld(broker);
  await world.autoscale("images");
  const another = { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "another" } };
  await world.autoscale("broken", another, { "millrace.dev/pausd": "true" });
  const operator = world.operator();
  await untilReady(world);
  await world.publish("jobs", plenty);
  await eventually(() => world.replicas()).toBe(10);
  await eventually(async () => (await world.status("images")).history?.at(-1)?.to).toBe(10);
  // Whoever asks needs no operator.
  await operator.end("SIGTERM");
  const { kubeconfig, namespace } = world;
  const explain = (...args: string[]) => runMillrace(["explain", "--kubeconfig", kubeconfig, ...args]);
  const told = await explain("-n", namespace, "images");
  expect(told.code).toBe(0);
  expect(told.stdout).toContain(`${namespace}/images\n`);
  expect(told.stdout).toContain("95 % of the jobs start within 5 s.");
  expect(told.stdout).toMatch(/Deployment worker: 10 wanted/);
  expect(told.stdout).toMatch(/ {2}from-zero .*jobs wait and no replica exists/);
  const json = await explain(`${namespace}/images`, "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({
    metadata: { name: "images" },
    status: { history: expect.arrayContaining([expect.objectContaining({ from: 0 })]) },
  });
  const broken = await explain("-n", namespace, "broken");
  expect(broken).toMatchObject({ code: 0, stdout: expect.stringContaining("millrace.dev/pausd") });
  const unknown = await explain("-n", namespace, "nope");
  expect(unknown).toMatchObject({
    code: 1,
    stdout: "",
    stderr: `No WorkerAutoscaler is named nope in namespace ${namespace}.\nThere are:\n  ${namespace}/broken\n  ${namespace}/images\n`,
  });
});

test("a kubeconfig that is missing, a context that is not in it, and flags that do not go together are told", async () => {
  const world = await operatorWorld(broker);
  const missing = await runMillrace(["explain", "--kubeconfig", "/nowhere", "images"]);
  expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("/nowhere") });
  const context = await runMillrace([
    "explain",
    "--kubeconfig",
    world.kubeconfig,
    "--context",
    "no",
    "images",
  ]);
  expect(context).toMatchObject({ code: 1, stderr: expect.stringContaining("has no context no") });
  const both = await runMillrace(["explain", "--url", "http://127.0.0.1:1", "-n", "a", "images"]);
  expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining("--url: does not go with") });
});

test("a wrong kubeconfig or lease name of the operator is a wrong flag, told before anything starts", async () => {
  const flags = "--kubernetes --kubeconfig /nowhere --lease-name Not_A_Name --config dir";
  const wrong = await runMillrace(["operator", ...flags.split(" ")]);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("--config: does not go with --kubernetes");
  expect(wrong.stderr).toContain("--lease-name: expected");
  expect(wrong.stderr).toContain(
    "--amqp-url, --brokers-file, --prometheus-url, --prometheus-file: at least one",
  );
  expect(wrong.stderr).toContain("--kubernetes: cannot use the kubeconfig /nowhere");
});

test("what crds prints can be applied", async () => {
  const world = await operatorWorld(broker);
  const { stdout, code } = await runMillrace(["crds"]);
  expect(code).toBe(0);
  const definition = parse(stdout) as { metadata: { name: string } };
  const resource = { group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" };
  await world.client.apply({ resource, name: definition.metadata.name }, definition, {
    query: { fieldManager: "test", force: true, dryRun: "All", fieldValidation: "Strict" },
  });
  expect(definition.metadata.name).toBe(`${workerAutoscalers.plural}.${workerAutoscalers.group}`);
});
