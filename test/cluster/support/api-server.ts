import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { endOf } from "../../../embedded/cluster/process-identity.ts";
import { recordedPrograms, recordedSpawn } from "../../../embedded/cluster/recorded-programs.ts";
import type { ClusterClient } from "../../../src/kubernetes/cluster-client.ts";
import { eventually } from "./eventually.ts";
import { stage } from "./stage-facts.ts";

const name = "kube-apiserver";

/**
 * Kills the cluster's API server; answers with the function that brings it back as it was. One that ends in order takes
 * its own address out of the cluster first, and pods would wait for kube-proxy to hear of its return.
 */
export const killApiServer = async (client: ClusterClient): Promise<() => Promise<void>> => {
  const directory = dirname(stage().kubeconfig);
  const server = (await recordedPrograms(directory)).find((program) => program.name === name);
  if (server === undefined) throw new Error(`${directory} has no record of ${name}`);
  const command = readFileSync(`/proc/${server.identity.pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  process.kill(server.identity.pid, "SIGKILL");
  await endOf(server.identity);
  return async () => {
    recordedSpawn(directory, new AbortController().signal)(name, command);
    const isReady = () =>
      client.getPath("/version").then(
        () => true,
        () => false, // not yet
      );
    await eventually("the API server ready", isReady, Boolean, { withinMs: 60_000 });
  };
};
