/**
 * Takes the full cluster down when the run that started it can no longer do so (SIGKILL, crash, lost terminal).
 *
 * Started with the run's process id, in a session of its own, with a pipe from the run as standard input: its end means
 * that the run is over. Where the run has ended its cluster itself, there is nothing left to do.
 */
import { clusterFolders } from "./folders.ts";
import { takeDownLeftBy } from "./held-cluster.ts";
import { endOf, identityOf } from "./process-identity.ts";

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
const run = identityOf(Number(process.argv[2]));
process.stdin.resume().on("end", () => {
  void (async () => {
    if (run === undefined) return;
    await endOf(run);
    await takeDownLeftBy(run, clusterFolders(process.env), process.env);
  })().finally(() => process.exit(0));
});
