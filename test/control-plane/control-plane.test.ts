import { mkdtemp, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { findControlPlanePrograms } from "../../embedded/cluster/control-plane-programs.ts";
import { clusterFolders } from "../../embedded/cluster/folders.ts";
import { createControlPlane, type ControlPlane } from "../../embedded/control-plane.ts";
import { createRunScope, type RunScope } from "../../embedded/run-scope.ts";
import { leftBehind, processesThatName } from "../support/left-behind.ts";

describe("a private control plane", () => {
  let scope: RunScope;
  let controlPlane: ControlPlane;

  beforeAll(async () => {
    scope = await createRunScope();
    controlPlane = await createControlPlane(scope);
    await controlPlane.start();
  });
  afterAll(() => scope.stop());

  test("makes a Deployment's pods, which stay Pending, and scales it by its subresource", async () => {
    await controlPlane.kubectl("create", "deployment", "web", "--image=none", "--replicas=2");
    await expect
      .poll(() => controlPlane.kubectl("get", "pods", "-o=jsonpath={.items[*].status.phase}"), {
        timeout: 30_000,
      })
      .toBe("Pending Pending");
    await controlPlane.kubectl("scale", "deployment/web", "--replicas=3");
    await expect
      .poll(
        () => controlPlane.kubectl("get", "pods", "-o=name").then((text) => text.trim().split("\n").length),
        {
          timeout: 30_000,
        },
      )
      .toBe(3);
  });

  test.each([
    ["stopped", "stopApiServer"],
    ["killed", "killApiServer"],
  ] as const)(
    "keeps its state and its address while its API server is %s and started again",
    async (_how, end) => {
      const name = end.toLowerCase();
      await controlPlane.kubectl("create", "configmap", name, "--from-literal=kept=yes");
      await controlPlane[end]();
      await expect(controlPlane.kubectl("get", "configmap", name)).rejects.toThrow(/refused/);
      await controlPlane.startApiServer();
      const kept = await controlPlane.kubectl("get", "configmap", name, "-o=jsonpath={.data.kept}");
      expect(kept).toBe("yes");
    },
  );

  test("stands beside the shared one, and leaves nothing when its run ends", async () => {
    const other = await createRunScope();
    const second = await createControlPlane(other);
    await second.start();
    expect(second.url).not.toBe(controlPlane.url);
    expect(second.kubeconfig).not.toBe(inject("controlPlane").kubeconfig);
    expect(leftBehind(other).listening).toHaveLength(3);
    await other.stop();
    expect(leftBehind(other)).toEqual({ listening: [], processes: [], folder: false });
  });
});

describe("a control plane from KUBEBUILDER_ASSETS", () => {
  test("runs the programs of that folder; without a controller manager Deployments stay empty", async () => {
    const built = await createRunScope();
    const programs = await findControlPlanePrograms(clusterFolders(process.env), {
      env: process.env,
      say: () => {},
    });
    const assets = await mkdtemp(join(built.directory, "assets-"));
    await symlink(programs.etcd, join(assets, "etcd"));
    await symlink(programs.kubectl, join(assets, "kubectl"));
    const scope = await createRunScope({
      env: { ...process.env, KUBEBUILDER_ASSETS: assets, PATH: "/usr/bin" },
    });
    try {
      await expect(createControlPlane(scope)).rejects.toThrow(`${assets} holds no kube-apiserver`);
      await symlink(programs.apiServer, join(assets, "kube-apiserver"));
      const controlPlane = await createControlPlane(scope);
      await controlPlane.start();
      expect(
        processesThatName(scope.directory).filter((line) => line.includes(`${assets}/kube-apiserver`)),
      ).toHaveLength(1);
      expect(await controlPlane.kubectl("get", "namespaces", "-o=name")).toContain("namespace/default");
      expect(
        processesThatName(scope.directory).filter((line) => line.includes("controller-manager")),
      ).toEqual([]);
    } finally {
      await scope.stop();
      await built.stop();
    }
  });
});
