import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FleetObservation, TargetRef } from "../../../src/operator/ports.ts";
import type { PoolEvent } from "../../../src/processes/pool-event.ts";
import { createProcessFleet, type ProcessFleetOptions } from "../../../src/processes/process-fleet.ts";

export type ObservedFleet = Extract<FleetObservation, { kind: "observed" }>;
export const workerScript = fileURLToPath(new URL("pool-worker.ts", import.meta.url));
export const poolTarget: TargetRef = {
  apiVersion: "millrace.dev/v1alpha1",
  kind: "ProcessPool",
  namespace: "default",
  name: "workers",
};

/** True while the process lives; a zombie does not. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
};

/** Everything that happened, and a way to wait for what will. */
export class EventLog {
  readonly events: PoolEvent[] = [];
  readonly #waiting = new Set<() => void>();

  add(event: PoolEvent): void {
    this.events.push(event);
    for (const look of this.#waiting) look();
  }

  of<K extends PoolEvent["kind"]>(kind: K): Extract<PoolEvent, { kind: K }>[] {
    return this.events.filter((event): event is Extract<PoolEvent, { kind: K }> => event.kind === kind);
  }

  /** Resolves as soon as so many events of the kind have happened since the start; the test's own time limit bounds it. */
  count(kind: PoolEvent["kind"], count: number): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.of(kind).length < count) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}

export type PoolSetup = Partial<Omit<ProcessFleetOptions, "pools" | "onEvent">> & {
  readonly env?: Readonly<Record<string, string>>;
  readonly command?: readonly [string, ...string[]];
  readonly graceSeconds?: number;
};

/** A fleet with one pool, `default/workers`, of tiny workers. */
export const setUpPool = async (setup: PoolSetup = {}) => {
  const { env = {}, command = ["node", workerScript], graceSeconds = 5, ...options } = setup;
  const folder = mkdtempSync(join(tmpdir(), "pool-test-"));
  const log = new EventLog();
  const fleet = createProcessFleet({
    pools: [
      {
        namespace: "default",
        name: "workers",
        command,
        env: { RUNNING_FOLDER: folder, ...env },
        terminationGraceSeconds: graceSeconds,
      },
    ],
    baseEnv: { PATH: process.env["PATH"] },
    logDirectory: join(folder, "logs"),
    loadDeadlineMs: 10_000,
    ...options,
    onEvent: (event) => log.add(event),
  });
  await fleet.start();
  const signal = (): AbortSignal => AbortSignal.timeout(10_000);
  return {
    fleet,
    folder,
    log,
    observe: async (): Promise<ObservedFleet> => {
      const observation = await fleet.observe(poolTarget, signal());
      if (observation.kind === "unknown") throw new Error(observation.because);
      return observation;
    },
    scale: (from: number, to: number) =>
      fleet.scaleTo(poolTarget, { from, to, explanation: "the test asks for it" }, signal()),
    /** The replica at this address says from now on that it runs so many jobs. */
    setRunning: (address: string, jobs: number) => {
      writeFileSync(join(folder, address.split(":")[1] ?? ""), String(jobs));
    },
    close: async () => {
      await fleet.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
