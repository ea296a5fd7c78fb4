/**
 * Owns a fleet until it is killed: starts two replicas (the folder for its files is the argument), prints their process
 * ids as JSON once they are ready, and waits.
 */
import { join } from "node:path";
import { createProcessFleet } from "../../../src/processes/process-fleet.ts";
import { EventLog, poolTarget, workerScript } from "./pool-harness.ts";

const folder = process.argv[2] ?? "";
const log = new EventLog();
const fleet = createProcessFleet({
  pools: [
    {
      namespace: "default",
      name: "workers",
      command: ["node", workerScript],
      env: { STUBBORN: process.argv[3] ?? "" },
      terminationGraceSeconds: 0.5,
    },
  ],
  baseEnv: { PATH: process.env["PATH"] },
  discoveryDirectory: join(folder, "discovery"),
  logDirectory: folder,
  onEvent: (event) => log.add(event),
});
await fleet.start();
await fleet.scaleTo(poolTarget, { from: 0, to: 2, explanation: "two" }, AbortSignal.timeout(5_000));
await log.count("ready", 2);
process.stdout.write(`${JSON.stringify(log.of("spawned").map(({ pid }) => pid))}\n`);
