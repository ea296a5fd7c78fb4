import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { networkRemains, raiseNetwork } from "../../embedded/cluster/node-network.ts";
import { systemCommands } from "../../embedded/cluster/system-commands.ts";
import { takeDownFullCluster } from "../../embedded/cluster/teardown.ts";

const { cluster, rehearsal } = { cluster: inject("cluster"), rehearsal: inject("rehearsal") };
const namespace = `pods-${randomUUID().slice(0, 8)}`;
const kubectl = (...args: readonly string[]): Promise<string> =>
  systemCommands(process.env).run(cluster.kubectl, `--kubeconfig=${cluster.kubeconfig}`, ...args);
const here = (...args: readonly string[]): Promise<string> => kubectl(`--namespace=${namespace}`, ...args);

const fetchInPod = (url: string): Promise<string> =>
  here(
    "exec",
    "deployment/web",
    "--",
    "node",
    "-e",
    `fetch("${url}").then((r) => r.text()).then(console.log)`,
  );

describe("the shared cluster", () => {
  beforeAll(async () => {
    await kubectl("create", "namespace", namespace);
    const serve = 'require("http").createServer((q, s) => s.end(require("os").hostname())).listen(8080)';
    await here("create", "deployment", "web", "--image=node:24", "--replicas=2", "--", "node", "-e", serve);
    await here("expose", "deployment", "web", "--port=80", "--target-port=8080");
    await here("wait", "--for=condition=Available", "deployment/web", "--timeout=90s");
    // kube-proxy follows a moment later
    await vi.waitFor(() => fetchInPod("http://web"), { timeout: 30_000, interval: 250 });
  });
  afterAll(() => kubectl("delete", "namespace", namespace, "--wait=false"));

  test("runs pods of node:24 that find each other by the name of a Service", async () => {
    expect(await fetchInPod(`http://web.${namespace}.svc.cluster.local`)).toMatch(/^web-/);
  });

  test("lets this machine and its pods reach each other", async () => {
    const address = await here("get", "service", "web", "-o=jsonpath={.spec.clusterIP}");
    expect(await (await fetch(`http://${address}`)).text()).toMatch(/^web-/);
    const server = createServer((_request, response) => response.end("hello from the machine"));
    server.listen(0, cluster.hostAddress);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    expect(await fetchInPod(`http://${cluster.hostAddress}:${port}`)).toContain("hello from the machine");
    server.close();
  });
});

describe("a second node on the machine", () => {
  const commands = systemCommands(process.env);
  /** Without the chains of Services, which other tests make and remove meanwhile. */
  const standing = async (): Promise<readonly string[]> =>
    (await networkRemains(commands)).filter((line) => !/^:KUBE-(SVC|SVL|SEP|EXT|FW)-/.test(line));

  test("is refused, and undoing what was not done leaves the first one alone", async () => {
    const folder = await mkdtemp(join(tmpdir(), "millrace-second-"));
    const there = await standing();
    await expect(raiseNetwork(folder, commands)).rejects.toThrow("this machine already is a Kubernetes node");
    await takeDownFullCluster(folder, folder, commands);
    expect(existsSync(folder)).toBe(false);
    expect(await standing()).toEqual(there);
    expect(await kubectl("get", "node", "-o=name")).toContain("node/millrace");
  });
});

// A kept cluster has no end here; CI's machine has none.
if (rehearsal.kind === "done")
  describe("a cluster that was up, ran a pod, and is down", () => {
    test("was there: processes, mounts, bridge, chains and control groups", () => {
      expect(rehearsal.during.processes.length).toBeGreaterThan(8);
      expect(rehearsal.during.mounts.length).toBeGreaterThan(3);
      expect(rehearsal.during.network.length).toBeGreaterThan(10);
      expect(rehearsal.during.controlGroups.length).toBeGreaterThan(0);
      expect(rehearsal.during.folders.length).toBeGreaterThan(3);
      expect(rehearsal.during.forwarding).toBe("1");
    });

    test.each(["after", "afterKill"] as const)("leaves the machine as it was (%s)", (when) => {
      expect(rehearsal[when]).toEqual(rehearsal.before);
      // Whoever has the kubeconfig's name in its environment is among the processes, before as after.
      expect(rehearsal[when]).toMatchObject({ mounts: [], network: [], controlGroups: [], folders: [] });
    });
  });
