import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Registry } from "prom-client";
import { afterEach, describe, expect, test } from "vitest";
import { WORKER_METRICS } from "../../../kit/src/worker/metric-names.ts";
import { loadMetricNames } from "../../../src/processes/replica-probe.ts";
import { describeFleet } from "../../conformance/fleet-conformance.ts";
import { isAlive, poolTarget, type PoolSetup, setUpPool } from "./pool-harness.ts";

type Pool = Awaited<ReturnType<typeof setUpPool>>;
const open: Pool[] = [];
const pool = async (setup?: PoolSetup): Promise<Pool> => {
  const one = await setUpPool(setup);
  open.push(one);
  return one;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});
const addressOf = (one: Pool, replica: string): string =>
  one.log.of("spawned").findLast((event) => event.replica === replica)?.address ?? "";

describe("the process pool is a Fleet", () => {
  describeFleet(async () => {
    const one = await setUpPool();
    return {
      fleet: one.fleet,
      target: poolTarget,
      missing: { ...poolTarget, name: "nobody" },
      async until(isSo) {
        for (;;) {
          const seen = one.log.events.length;
          if (isSo((await one.observe()).fleet)) return;
          if (one.log.events.length === seen) await new Promise((resolve) => setTimeout(resolve, 20));
        }
      },
      close: () => one.close(),
    };
  });
});

describe("choosing victims", () => {
  test("takes the idle replica and leaves the busy ones", async () => {
    const one = await pool();
    await one.scale(0, 3);
    await one.log.count("ready", 3);
    one.setRunning(addressOf(one, "workers-1"), 1);
    one.setRunning(addressOf(one, "workers-3"), 2);
    expect((await one.observe()).fleet.idle).toBe(1);
    await one.scale(3, 2);
    await one.log.count("exited", 1);
    expect(one.log.of("draining")).toMatchObject([{ replica: "workers-2", because: "idle" }]);
  });

  test("asks just before the removal, so that a job that began after the observation counts", async () => {
    const one = await pool();
    await one.scale(0, 2);
    await one.log.count("ready", 2);
    one.setRunning(addressOf(one, "workers-1"), 1);
    await one.observe();
    one.setRunning(addressOf(one, "workers-1"), 0);
    one.setRunning(addressOf(one, "workers-2"), 1);
    await one.scale(2, 1);
    await one.log.count("exited", 1);
    expect(one.log.of("exited")).toMatchObject([{ replica: "workers-1", code: 0, asked: true }]);
  });

  test("prefers those that are still starting, the youngest first", async () => {
    const one = await pool({ command: ["node", "-e", "setInterval(() => {}, 1000)"] });
    await one.scale(0, 1);
    await one.log.count("spawned", 1);
    await one.scale(1, 2);
    await one.log.count("spawned", 2);
    await one.scale(2, 1);
    await one.log.count("exited", 1);
    expect(one.log.of("draining")).toMatchObject([{ replica: "workers-2", because: "still starting" }]);
  });
});

describe("ending replicas", () => {
  test("a replica that ignores SIGTERM is draining until its grace is over, then killed, and counted", async () => {
    const registry = new Registry();
    const one = await pool({ env: { STUBBORN: "1" }, graceSeconds: 0.5, registry });
    await one.scale(0, 1);
    await one.log.count("ready", 1);
    await one.scale(1, 0);
    expect((await one.observe()).fleet).toMatchObject({ desired: 0, ready: 0, draining: 1 });
    await one.log.count("exited", 1);
    expect(one.log.of("exited")).toMatchObject([{ signal: "SIGKILL", asked: true }]);
    expect(await registry.metrics()).toContain(
      'millrace_pool_kills_total{namespace="default",pool="workers"} 1',
    );
    expect((await one.observe()).fleet.draining).toBe(0);
  });

  test("what a replica started ends with it", async () => {
    const one = await pool({ env: { CHILD: "1" } });
    await one.scale(0, 1);
    await one.log.count("ready", 1);
    const [spawned] = one.log.of("spawned");
    const children = readFileSync(`/proc/${spawned?.pid}/task/${spawned?.pid}/children`, "utf8");
    const child = Number(children.trim());
    expect(isAlive(child)).toBe(true);
    await one.scale(1, 0);
    await one.log.count("exited", 1);
    while (isAlive(child)) await new Promise((resolve) => setImmediate(resolve)); // SIGKILL was sent; the kernel needs a moment
  });

  test("stop ends all of them, and may be called twice", async () => {
    const one = await pool();
    await one.scale(0, 3);
    await one.log.count("spawned", 3);
    await Promise.all([one.fleet.stop(), one.fleet.stop()]);
    await one.fleet.stop();
    expect(one.log.of("spawned").map(({ pid }) => isAlive(pid))).toEqual([false, false, false]);
    expect(await one.scale(0, 1)).toMatchObject({ kind: "failed" });
  });
});

describe("crashes", () => {
  test("a crashed replica is started again at another port", async () => {
    const one = await pool();
    await one.scale(0, 1);
    await one.log.count("ready", 1);
    await fetch(`http://${addressOf(one, "workers-1")}/crash`).catch(() => undefined);
    await one.log.count("ready", 2);
    expect(one.log.of("exited")).toMatchObject([{ code: 4, asked: false }]);
    expect(new Set(one.log.of("spawned").map(({ address }) => address)).size).toBe(2);
    expect((await one.observe()).fleet).toMatchObject({ desired: 1, ready: 1 });
  });

  test("a crash loop backs off and is said: phase, notice and metrics", async () => {
    const registry = new Registry();
    const one = await pool({ env: { CRASH: "1" }, registry });
    await one.scale(0, 1);
    await one.log.count("restarting", 4);
    expect(one.log.of("restarting").map(({ delayMs }) => delayMs)).toEqual([0, 250, 500, 1_000]);
    const observation = await one.observe();
    expect(observation.fleet).toMatchObject({ desired: 1, ready: 0, starting: [{ phase: "failing" }] });
    expect(observation.restarts).toBeGreaterThanOrEqual(4);
    expect(observation.notice).toMatch(
      /1 of 1 replicas keep crashing: workers-1 exited with code 3, 4 times/,
    );
    expect(await registry.metrics()).toMatch(/millrace_pool_replicas\{.*phase="failing"\} 1/);
  });

  test("a program that does not exist crash-loops, and can be scaled away", async () => {
    const one = await pool({ command: ["/no/such/program"] });
    await one.scale(0, 1);
    await one.log.count("restarting", 3);
    expect((await one.observe()).notice).toMatch(/could not be started: .*ENOENT/);
    await one.scale(1, 0);
    expect((await one.observe()).fleet).toMatchObject({ desired: 0, starting: [] });
  });

  test("a metrics port that somebody else took is replaced by another one", async () => {
    const one = await pool({
      command: [
        "node",
        "-e",
        // The first process finds its port taken: it takes it itself and tries to bind it a second time.
        `const fs=require("fs"),http=require("http"),p=Number(process.env.MILLRACE_METRICS_PORT),h=process.env.MILLRACE_METRICS_HOST;
         const serve=()=>http.createServer((q,r)=>r.end("ok")).listen(p,h);
         const mark=process.env.RUNNING_FOLDER+"/first";
         if(!fs.existsSync(mark)){fs.writeFileSync(mark,"");serve().on("listening",serve)}else serve();`,
      ],
    });
    await one.scale(0, 1);
    await one.log.count("restarting", 1);
    await one.log.count("spawned", 2);
    const [first, second] = one.log.of("spawned");
    expect(second?.address).not.toBe(first?.address);
  });
});

describe("what is told about replicas", () => {
  test("start-up is measured in its two parts", async () => {
    const one = await pool();
    await one.scale(0, 2);
    await one.log.count("ready", 2);
    const { startup, fleet } = await one.observe();
    expect(startup?.schedulingSeconds).toMatchObject({ count: 2 });
    expect(startup?.readySeconds?.count).toBe(2);
    const readyMs = one.log.of("ready").map(({ sinceSpawnedMs }) => sinceSpawnedMs);
    expect(startup?.readySeconds?.p95).toBe(Math.max(...readyMs) / 1_000);
    expect(fleet).toMatchObject({ graceSeconds: 5, rollout: false, uncreated: 0 });
  });

  test("replicas beyond what the machine may run are uncreated", async () => {
    const one = await pool({ maxReplicas: 1 });
    await one.scale(0, 3);
    await one.log.count("spawned", 1);
    const { fleet, notice } = await one.observe();
    expect(fleet).toMatchObject({ desired: 3, uncreated: 2 });
    expect(notice).toBe("3 replicas are wanted, a pool runs at most 1");
  });

  test("when no replica says what it runs, idle is unknown and not zero", async () => {
    const one = await pool({
      command: [
        "node",
        "-e",
        `require("http").createServer((q,r)=>r.end("x 1")).listen(process.env.MILLRACE_METRICS_PORT,process.env.MILLRACE_METRICS_HOST)`,
      ],
    });
    await one.scale(0, 1);
    await one.log.count("ready", 1);
    expect((await one.observe()).fleet).not.toHaveProperty("idle");
  });

  test("the discovery file lists every live process, draining ones too, and goes with the fleet", async () => {
    const base = await pool();
    const discoveryDirectory = join(base.folder, "discovery");
    const one = await pool({ discoveryDirectory, env: { STUBBORN: "1" }, graceSeconds: 1 });
    await one.scale(0, 2);
    await one.log.count("ready", 2);
    await one.scale(2, 1);
    const [file = ""] = readdirSync(discoveryDirectory);
    const read = (): unknown => JSON.parse(readFileSync(join(discoveryDirectory, file), "utf8"));
    const [first, second] = one.log.of("spawned").map(({ address }) => address);
    const labels = { namespace: "default", pool: "workers" };
    expect(read()).toEqual([{ targets: [first, second], labels }]);
    await one.log.count("exited", 1);
    expect(read()).toMatchObject([{ targets: [expect.any(String)] }]);
    await one.fleet.stop();
    expect(readdirSync(discoveryDirectory)).toEqual([]);
  });

  test("the account gives each process's start-up and its time from spawn to exit", async () => {
    const base = await pool();
    const accountFile = join(base.folder, "account.jsonl");
    const one = await pool({ accountFile });
    await one.scale(0, 2);
    await one.log.count("ready", 2);
    await one.fleet.stop();
    const lines = readFileSync(accountFile, "utf8").trim().split("\n");
    const events = lines.map(
      (line) => JSON.parse(line) as { kind: string; pid: number; spawnedAtMs?: number },
    );
    expect(events.map(({ kind }) => kind).toSorted()).toEqual(
      ["created", "exited", "ready", "spawned"].flatMap((kind) => [kind, kind]),
    );
    expect(
      events.filter(({ kind }) => kind === "exited").every((event) => (event.spawnedAtMs ?? 0) > 0),
    ).toBe(true);
  });

  test("it asks for the metrics that the kit's workers serve", () => {
    expect(loadMetricNames).toEqual({
      running: WORKER_METRICS.jobsRunning,
      oldestStart: WORKER_METRICS.oldestRunningJobStart,
    });
  });
});
