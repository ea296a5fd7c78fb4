import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, inject, test, vi } from "vitest";
import { createFaultProxy, type FaultProxy } from "../../embedded/fault-proxy.ts";
import { clusterAccess } from "../../src/kubernetes/cluster-access.ts";
import { type ClusterClient, createClusterClient } from "../../src/kubernetes/cluster-client.ts";
import type { KubernetesError } from "../../src/kubernetes/errors.ts";
import {
  type Change,
  createListWatch,
  type ListWatch,
  type ListWatchOptions,
} from "../../src/kubernetes/list-watch.ts";
import { accessThrough } from "./access-through.ts";
import { installKind, removeKind, resourceOf } from "./custom-kinds.ts";
import { core, freshNamespace } from "./fleet-harness.ts";

const configMaps = core("configmaps");
type Kept = { readonly name: string; readonly version: string };

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

/** A namespace, a client straight to the API server, and one through a proxy that the test can break. */
const setUp = async () => {
  const access = await clusterAccess({ kubeconfig: inject("controlPlane").kubeconfig, env: {} });
  const direct = createClusterClient(access);
  const url = new URL(access.server);
  const proxy = createFaultProxy({ host: url.hostname, port: Number(url.port) }, url.hostname);
  await proxy.start();
  stops.push(() => proxy.stop());
  const client = createClusterClient(accessThrough(access, proxy.port()));
  const namespace = await freshNamespace(direct);
  stops.push(async () => {
    await direct.delete({ resource: core("namespaces"), name: namespace });
    direct.close();
    client.close();
  });
  const at = (name: string) => ({ resource: configMaps, namespace, name });
  return {
    direct,
    client,
    proxy,
    namespace,
    create: (name: string) =>
      direct.create({ resource: configMaps, namespace }, { metadata: { name, labels: { test: "yes" } } }),
    change: (name: string, value: string) => direct.mergePatch(at(name), { data: { value } }),
    remove: (name: string) => direct.delete(at(name)),
  };
};

const begin = async (client: ClusterClient, options: Partial<ListWatchOptions<Kept>> = {}) => {
  const errors: KubernetesError[] = [];
  const changes: Change<Kept>[] = [];
  const watch: ListWatch<Kept> = createListWatch({
    client,
    resource: configMaps,
    labelSelector: "test=yes",
    trim: ({ metadata }) => ({ name: metadata.name, version: metadata.resourceVersion ?? "" }),
    onLost: (error) => errors.push(error),
    timing: { firstWaitMs: 20, longestWaitMs: 200 },
    ...options,
  });
  watch.onChange((change) => changes.push(change));
  stops.push(() => watch.stop());
  await watch.start();
  await expect.poll(() => watch.problem, { interval: 1 }).toBeUndefined();
  return {
    watch,
    errors,
    changes,
    names: () => [...watch.items.values()].map(({ name }) => name).toSorted(),
  };
};

describe("a list and its watch", () => {
  test("holds what there was, and follows what comes, changes and goes", async () => {
    const { client, namespace, create, change, remove } = await setUp();
    await create("a");
    const { names, changes, watch } = await begin(client, { namespace });
    expect(names()).toEqual(["a"]);
    await create("b");
    await change("a", "1");
    await remove("b");
    await expect
      .poll(() => changes)
      .toMatchObject([
        { key: `${namespace}/a`, now: { name: "a" } },
        { key: `${namespace}/b`, now: { name: "b" } },
        { key: `${namespace}/a`, before: { name: "a" }, now: { name: "a" } },
        { key: `${namespace}/b`, before: { name: "b" } },
      ]);
    expect(names()).toEqual(["a"]);
    expect(watch.ageMs()).toBe(0);
    expect(watch.problem).toBeUndefined();
  });

  test("lists page by page", async () => {
    const { client, namespace, direct } = await setUp();
    const wanted = Array.from({ length: 501 }, (_, index) => `c${index}`);
    await Promise.all(
      wanted.map((name) =>
        direct.create(
          { resource: configMaps, namespace },
          { metadata: { name, labels: { test: "yes" } } },
          { timeoutMs: 60_000 },
        ),
      ),
    );
    const { watch } = await begin(client, { namespace });
    expect(watch.items.size).toBe(501);
  });

  test("waits for an API server that is away at the start, and says why meanwhile", async () => {
    const { client, proxy, namespace, create } = await setUp();
    await create("a");
    proxy.mode("refuse");
    const watch = createListWatch<Kept>({
      client,
      resource: configMaps,
      namespace,
      labelSelector: "test=yes",
      trim: ({ metadata }) => ({ name: metadata.name, version: "" }),
      timing: { firstWaitMs: 20, longestWaitMs: 100 },
    });
    stops.push(() => watch.stop());
    const started = watch.start();
    await expect.poll(() => watch.problem).toMatch(/Cannot reach the API server at .* \(list configmaps/);
    expect(watch.ageMs()).toBeUndefined();
    proxy.mode("pass");
    await started;
    expect(watch.items.size).toBe(1);
  });

  test("stops at once before, during and after its start", async () => {
    const { client, proxy, namespace } = await setUp();
    const options = { client, resource: configMaps, namespace, trim: () => undefined };
    const never = createListWatch(options);
    await never.stop();
    await expect(never.start()).rejects.toThrow("stopped before the first list");
    proxy.mode("drop");
    const during = createListWatch(options);
    const started = during.start();
    started.catch(() => {});
    await Promise.all([during.stop(), during.stop()]);
    await expect(started).rejects.toThrow("stopped before the first list");
  });
});

describe("contact is lost", () => {
  test("by reset connections: it goes on where it was, without a new list", async () => {
    const { client, proxy, namespace, create } = await setUp();
    await create("a");
    const { names, errors, changes } = await begin(client, { namespace });
    proxy.reset();
    await create("b");
    await expect.poll(names).toEqual(["a", "b"]);
    expect(errors.length).toBeGreaterThanOrEqual(1);
    expect(errors[0]?.code).toBe("unreachable");
    // A new list would have told of `a` again.
    expect(changes.map(({ key }) => key)).toEqual([`${namespace}/a`, `${namespace}/b`]);
  });

  test("by a connection that is half open: silence is taken for the end", async () => {
    const { client, proxy, namespace, create } = await setUp();
    await create("a");
    const timing = { silenceMs: 2_000, firstWaitMs: 20, longestWaitMs: 200 };
    const { names, errors } = await begin(client, { namespace, timing });
    proxy.mode("drop");
    await create("b");
    await expect.poll(() => errors.map(({ code }) => code)).toContain("timeout");
    expect(names()).toEqual(["a"]);
    proxy.mode("pass");
    proxy.reset();
    await expect.poll(names).toEqual(["a", "b"]);
  });

  test("for a while: the age grows, the copy stays, and the problem is a sentence", async () => {
    const { client, proxy, namespace, create, remove } = await setUp();
    await create("a");
    let nowMs = 1_000_000;
    const timing = { firstWaitMs: 20, longestWaitMs: 50, nowMs: () => nowMs };
    const { names, watch } = await begin(client, { namespace, timing });
    await expect.poll(() => watch.ageMs()).toBe(0);
    proxy.mode("refuse");
    proxy.reset();
    await expect.poll(() => watch.problem).toMatch(/Cannot reach the API server/);
    nowMs += 42_000;
    expect(watch.ageMs()).toBe(42_000);
    expect(names()).toEqual(["a"]);
    await remove("a");
    proxy.mode("pass");
    await expect.poll(names).toEqual([]);
    await expect.poll(() => watch.ageMs()).toBe(0);
    expect(watch.problem).toBeUndefined();
  });
});

describe("a watch that the server ends", () => {
  test("in time is renewed, and is no failure", async () => {
    const { client, namespace, create } = await setUp();
    const watches = vi.spyOn(client, "watch");
    const { names, errors } = await begin(client, { namespace, timing: { watchMs: 4_000 } });
    await expect.poll(() => watches.mock.calls.length).toBeGreaterThan(2);
    await create("late");
    await expect.poll(names).toEqual(["late"]);
    expect(errors).toEqual([]);
  });

  test("with an ERROR event, as the version is too old, is begun again with a list", async () => {
    const { client, namespace, direct } = await setUp();
    // A kind that is younger than its API server: what was before it is too old to be watched from, on any server.
    const aged = { group: `${namespace}.example.com`, version: "v1", kind: "Aged" };
    await installKind(direct, aged);
    stops.push(() => removeKind(direct, aged));
    const resource = resourceOf(aged);
    const create = (name: string) =>
      direct.create(
        { resource, namespace },
        {
          apiVersion: `${aged.group}/v1`,
          kind: aged.kind,
          metadata: { name, labels: { test: "yes" } },
        },
      );
    const remove = (name: string) => direct.delete({ resource, namespace, name });
    await create("a");
    let lists = 0;
    const aging: ClusterClient = Object.create(client, {
      list: {
        value: (...args: Parameters<ClusterClient["list"]>) => {
          lists += 1;
          return client.list(...args);
        },
      },
      watch: {
        value: (...[path, options]: Parameters<ClusterClient["watch"]>) =>
          client.watch(path, {
            ...options,
            query: { ...options.query, ...(lists === 1 ? { resourceVersion: "1" } : {}) },
          }),
      },
    }) as ClusterClient;
    const { names, errors, changes } = await begin(aging, { namespace, resource });
    await remove("a");
    await create("b");
    await expect.poll(names).toEqual(["b"]);
    expect(errors.map(({ code }) => code)).toEqual(["gone"]);
    expect(changes.at(-1)).toMatchObject({ now: { name: "b" } });
  });
});

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Sockets and heap, after everything that is garbage was collected. */
const footprint = (client: ClusterClient, proxy: FaultProxy) => {
  collectGarbage();
  return {
    sockets: client.openConnections(),
    proxied: proxy.connections(),
    heap: process.memoryUsage().heapUsed,
  };
};

test("200 reconnects leave no connection and no memory behind", async () => {
  const { client, proxy, namespace, create } = await setUp();
  await create("a");
  const { watch, errors } = await begin(client, { namespace, timing: { firstWaitMs: 1, longestWaitMs: 2 } });
  const reconnect = async (): Promise<void> => {
    await expect.poll(() => watch.problem, { interval: 1 }).toBeUndefined();
    const seen = errors.length;
    proxy.reset();
    await expect.poll(() => errors.length > seen, { interval: 1 }).toBe(true);
  };
  for (let round = 0; round < 20; round++) await reconnect();
  await expect.poll(() => watch.problem).toBeUndefined();
  const before = footprint(client, proxy);
  for (let round = 0; round < 200; round++) await reconnect();
  await expect.poll(() => watch.problem).toBeUndefined();
  const after = footprint(client, proxy);
  expect(after.sockets).toBeLessThanOrEqual(before.sockets + 1);
  expect(after.proxied).toBeLessThanOrEqual(before.proxied + 1);
  expect(after.heap - before.heap).toBeLessThan(3_000_000);
}, 180_000);
