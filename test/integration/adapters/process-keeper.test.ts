import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { silentLogger } from "../../../kit/src/logger.ts";
import { createKeeper } from "../../../src/processes/keeper.ts";
import { isAlive } from "./pool-harness.ts";

const ownerScript = fileURLToPath(new URL("fleet-owner.ts", import.meta.url));
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanups.splice(0)) cleanUp();
});

/** Bounded by the test's own time limit. */
const gone = async (pids: readonly number[], isLeft: () => boolean = () => false): Promise<void> => {
  while (pids.some(isAlive) || isLeft()) await new Promise((resolve) => setTimeout(resolve, 20));
};

const owner = async (stubborn: boolean) => {
  const folder = mkdtempSync(join(tmpdir(), "keeper-test-"));
  const child = spawn(process.execPath, [ownerScript, folder, stubborn ? "1" : ""], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  cleanups.push(() => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return { child, replicas: JSON.parse(line) as number[], discovery: join(folder, "discovery") };
};

test.each([
  ["end on SIGTERM", false],
  ["ignore SIGTERM", true],
])("no replica outlives an operator that is killed: they %s", async (_, stubborn) => {
  const { child, replicas, discovery } = await owner(stubborn);
  expect(replicas.map(isAlive)).toEqual([true, true]);
  expect(readdirSync(discovery)).toHaveLength(1);
  child.kill("SIGKILL");
  await once(child, "exit");
  await gone(replicas, () => readdirSync(discovery).length > 0);
});

test("a replica that the operator had no time to announce ends too", async () => {
  const keeper = createKeeper("a-token", silentLogger);
  await keeper.start();
  const replica: ChildProcess = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], {
    detached: true,
    env: { ...process.env, MILLRACE_FLEET: "a-token" },
    stdio: "ignore",
  });
  cleanups.push(() => replica.kill("SIGKILL"));
  const exited = once(replica, "exit");
  await once(replica, "spawn");
  await keeper.stop(); // the pipe closes, as it does when the operator dies
  expect(await exited).toEqual([null, "SIGTERM"]);
});

test("stopping a keeper that was never started does nothing", async () => {
  await createKeeper("a-token", silentLogger).stop();
});
