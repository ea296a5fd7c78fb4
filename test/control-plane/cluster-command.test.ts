import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { clusterFolders } from "../../embedded/cluster/folders.ts";
import type { ProcessIdentity } from "../../embedded/cluster/process-identity.ts";
import { processesThatName } from "../support/left-behind.ts";
import { runClusterCommand } from "../support/run-cluster-command.ts";

let cache: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "millrace-cache-"));
  const { KUBECONFIG: _existing, ...without } = process.env;
  env = { ...without, MILLRACE_CACHE_DIR: cache };
  await symlink(clusterFolders(process.env).programs, join(cache, "programs"));
});
afterEach(async () => {
  await runClusterCommand(env, "down", "control-plane").ended;
  await rm(cache, { recursive: true });
});

const run = (...words: readonly string[]) => runClusterCommand(env, ...words).ended;
const up = () => run("up", "control-plane");
const down = () => run("down", "control-plane");
const remains = async () => ({ processes: processesThatName(cache), files: await readdir(cache) });
const nothing = { processes: [], files: ["programs"] };
const pidOf = async (program: string): Promise<number> => {
  const record = await readFile(join(cache, "control-plane", "processes", `${program}.json`), "utf8");
  return (JSON.parse(record) as ProcessIdentity).pid;
};

const hasStartedEtcd = () =>
  expect
    .poll(() => existsSync(join(cache, "control-plane", "processes", "etcd.json")), { timeout: 30_000 })
    .toBe(true);

describe("npm run cluster", { timeout: 240_000 }, () => {
  test("up starts a cluster that stays, status tells of it, down ends all of it", async () => {
    expect((await run("status", "control-plane")).code).toBe(5);
    const { code, output } = await up();
    expect(code, output).toBe(0);
    expect(output).toContain(`export KUBECONFIG=${cache}/control-plane/admin.conf`);
    const status = await run("status", "control-plane");
    expect(status).toMatchObject({ code: 0, output: expect.stringMatching(/kube-apiserver +process \d+/) });
    expect(await up()).toMatchObject({ code: 0, output: expect.stringContaining("it runs already") });
    expect(await down()).toMatchObject({ code: 0, output: expect.stringContaining("control-plane: down") });
    expect(await remains()).toEqual(nothing);
    expect((await down()).output).toContain("control-plane: nothing to end");
  });

  test("up starts a cluster anew that has lost a program", async () => {
    await up();
    process.kill(await pidOf("etcd"), "SIGKILL");
    expect((await run("status", "control-plane")).output).toMatch(/etcd +has ended/);
    expect(await up()).toMatchObject({ code: 0, output: expect.stringContaining("has lost etcd") });
    await down();
    expect(await remains()).toEqual(nothing);
  });

  test("up is refused with the owner's name while another one is starting it", async () => {
    const first = runClusterCommand(env, "up", "control-plane");
    await hasStartedEtcd();
    first.kill("SIGSTOP");
    try {
      const refused = { code: 4, output: expect.stringContaining(`process ${first.pid}`) };
      expect(await up()).toMatchObject(refused);
      expect(await down()).toMatchObject(refused);
    } finally {
      first.kill("SIGCONT");
    }
    expect((await first.ended).code).toBe(0);
  });

  test("up takes over what a killed one left", async () => {
    const killed = runClusterCommand(env, "up", "control-plane");
    await hasStartedEtcd();
    const etcd = await pidOf("etcd");
    killed.kill("SIGKILL");
    await killed.ended;
    expect((await run("status", "control-plane")).output).toContain("which has died");
    const { code, output } = await up();
    expect({ code, output }).toMatchObject({
      code: 0,
      output: expect.stringContaining(`process ${killed.pid}`),
    });
    expect(await pidOf("etcd")).not.toBe(etcd);
    expect(processesThatName(cache).filter((line) => line.includes("etcd --data-dir"))).toHaveLength(1);
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s in the middle of up leaves nothing", async (signal, code) => {
    const interrupted = runClusterCommand(env, "up", "control-plane");
    await hasStartedEtcd();
    interrupted.kill(signal);
    expect((await interrupted.ended).code).toBe(code);
    expect(await remains()).toEqual(nothing);
  });

  test("names every wrong argument, and says how it is done", async () => {
    const wrong = await run("up", "half", "twice");
    expect(wrong.code).toBe(2);
    expect(wrong.output).toContain("half: expected full or control-plane");
    expect(wrong.output).toContain("twice: one argument too many");
    expect(wrong.output).toContain("npm run cluster up [full|control-plane]");
    expect((await run("image", "no-tag", "", "x")).output).toMatch(
      /TAG: expected name:tag, got no-tag\nDIRECTORY: required\nx: expected NAME=VALUE/,
    );
    expect(await run()).toMatchObject({ code: 2, output: expect.stringContaining("a command is missing") });
  });

  test("uses the cluster of KUBECONFIG as it is, and says when nothing answers there", async () => {
    env = { ...env, KUBECONFIG: join(cache, "nowhere") };
    const { code, output } = await run("up");
    expect({ code, output }).toMatchObject({
      code: 1,
      output: expect.stringContaining("nowhere: no cluster answers"),
    });
    expect(await remains()).toEqual(nothing);
  });

  test("lists what is missing where it cannot be had", async () => {
    await rm(join(cache, "programs"));
    env = { ...env, GO_BIN: join(cache, "no-go"), ETCD_BIN: join(cache, "no-etcd") };
    const { code, output } = await run("up", "control-plane");
    expect(code).toBe(3);
    expect(output).toContain("apt-get install --no-install-recommends etcd-server");
    expect(output).toContain(
      "Go 1.26 or later, which builds kube-apiserver, kube-controller-manager, kubectl",
    );
    expect(output).toContain("Or point KUBECONFIG at an existing cluster.");
    await symlink(clusterFolders(process.env).programs, join(cache, "programs"));
  });
});
