import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { endGroupOf, identityOf, isAlive } from "./process-identity.ts";

const sleeper = async (program: string) => {
  const child = spawn(
    process.execPath,
    ["-e", `process.title = "a ) odd ( name"; ${program}; console.log(1)`],
    {
      detached: true,
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  await once(child.stdout, "data");
  const identity = identityOf(child.pid ?? 0);
  if (identity === undefined) throw new Error("it did not start");
  return { child, identity };
};

describe("a process's identity", () => {
  test("is that of no other process with the same id", async () => {
    const { child, identity } = await sleeper("setInterval(() => {}, 1000)");
    expect(isAlive(identity)).toBe(true);
    expect(isAlive({ ...identity, startTicks: String(Number(identity.startTicks) - 1) })).toBe(false);
    expect(isAlive({ ...identity, bootId: "another boot" })).toBe(false);
    await endGroupOf({ ...identity, startTicks: "1" }, 0);
    expect(isAlive(identity)).toBe(true);
    const exited = once(child, "exit");
    await endGroupOf(identity, 5_000);
    await exited;
    expect(child.signalCode).toBe("SIGTERM");
    expect(identityOf(identity.pid)).toBeUndefined();
  });

  test("ends also when it does not listen to SIGTERM", async () => {
    const { child, identity } = await sleeper('process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)');
    const exited = once(child, "exit");
    await endGroupOf(identity, 100);
    await exited;
    expect(child.signalCode).toBe("SIGKILL");
  });
});
