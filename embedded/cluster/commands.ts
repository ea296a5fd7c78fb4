import { ClusterUnavailableError, whyUnavailable } from "./availability.ts";
import { makeBaseImages } from "./base-images.ts";
import { type ClusterCommand, usage } from "./command-line.ts";
import { createClusterImages } from "./cluster-images.ts";
import { type ClusterFolders, clusterFolders } from "./folders.ts";
import { buildPrograms } from "./go-build.ts";
import {
  bringUp,
  ClusterHeldError,
  type ClusterLevel,
  ownerFile,
  readFacts,
  takeDown,
} from "./held-cluster.ts";
import { describeOwner, keep, readOwnership } from "./ownership.ts";
import { chartPrograms, kubernetesVersion, pinnedPrograms, type ProgramName } from "./pinned-programs.ts";
import { recordedPrograms } from "./recorded-programs.ts";
import { isAlive } from "./process-identity.ts";
import { systemCommands } from "./system-commands.ts";

type Surroundings = {
  readonly env: NodeJS.ProcessEnv;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
};

const exitCode = { done: 0, unavailable: 3, held: 4, nothingRuns: 5 } as const;

const levelsOf = (level: ClusterLevel | undefined): readonly ClusterLevel[] =>
  level === undefined ? ["full", "control-plane"] : [level];

const existing = async ({ env, print }: Surroundings): Promise<number> => {
  const named = `KUBECONFIG=${env["KUBECONFIG"]}`;
  const asked = systemCommands(env).run("kubectl", "version", "--output=json", "--request-timeout=10s");
  const text = await asked.catch((cause: Error) => {
    throw new Error(`${named}: no cluster answers: ${cause.message}`, { cause });
  });
  const { serverVersion } = JSON.parse(text) as { serverVersion: { gitVersion: string } };
  print(`${named} names a cluster (${serverVersion.gitVersion}): it is used as it is`);
  return exitCode.done;
};

const up = async (level: ClusterLevel, folders: ClusterFolders, around: Surroundings): Promise<number> => {
  const { env, print, signal } = around;
  const missing = await whyUnavailable(level, folders, env);
  if (missing.length > 0) throw new ClusterUnavailableError(level, missing);
  const cluster = await bringUp(level, folders, { env, signal, say: print, waitMs: 0 });
  const chart = await buildPrograms(folders.programs, chartPrograms, { env, say: print, signal });
  if (cluster.started) await keep(ownerFile(level, folders));
  print(
    cluster.started
      ? `up, Kubernetes ${kubernetesVersion}; it stays until: npm run cluster down`
      : "it runs already",
  );
  print(`export KUBECONFIG=${cluster.kubeconfig}`);
  print(`kubectl      ${cluster.kubectl}`);
  for (const [name, path] of Object.entries(chart)) print(`${name.padEnd(12)} ${path}`);
  return exitCode.done;
};

const build = async (folders: ClusterFolders, { env, print, signal }: Surroundings): Promise<number> => {
  const missing = await whyUnavailable("full", folders, env);
  if (missing.length > 0) throw new ClusterUnavailableError("full", missing);
  const names = Object.keys(pinnedPrograms) as readonly ProgramName[];
  const startedMs = performance.now();
  await buildPrograms(folders.programs, names, { env, say: print, signal });
  await makeBaseImages(folders.images, systemCommands(env, signal), print);
  print(`programs and base images are there (${((performance.now() - startedMs) / 1000).toFixed(0)} s)`);
  return exitCode.done;
};

const down = async (
  levels: readonly ClusterLevel[],
  folders: ClusterFolders,
  { env, print }: Surroundings,
): Promise<number> => {
  for (const level of levels)
    print((await takeDown(level, folders, env)) ? `${level}: down` : `${level}: nothing to end`);
  return exitCode.done;
};

const describe = async (level: ClusterLevel, folders: ClusterFolders, print: Surroundings["print"]) => {
  const by = await readOwnership(ownerFile(level, folders));
  if (by === undefined) {
    print(`${level}: does not run`);
    return false;
  }
  const isOrphan = by.owner !== "kept" && !isAlive(by.owner);
  print(
    `${level}: belongs to ${describeOwner(by)}${isOrphan ? ", which has died; down or up clears it away" : ""}`,
  );
  for (const { name, identity } of await recordedPrograms(by.directory))
    print(`  ${name.padEnd(24)} ${isAlive(identity) ? `process ${identity.pid}` : "has ended"}`);
  const facts = await readFacts(level, folders).catch(() => undefined); // it is only starting
  if (facts !== undefined) print(`  export KUBECONFIG=${facts.kubeconfig}`);
  print(`  logs in ${by.directory}/logs`);
  return true;
};

const status = async (
  levels: readonly ClusterLevel[],
  folders: ClusterFolders,
  { env, print }: Surroundings,
): Promise<number> => {
  print(`Kubernetes ${kubernetesVersion}; programs in ${folders.programs}`);
  const answers: boolean[] = [];
  for (const level of levels) answers.push(await describe(level, folders, print));
  if (env["KUBECONFIG"] !== undefined)
    print(`KUBECONFIG=${env["KUBECONFIG"]} is set: tests use that cluster`);
  return answers.some(Boolean) ? exitCode.done : exitCode.nothingRuns;
};

const image = async (
  { tag, directory, buildArguments }: Extract<ClusterCommand, { kind: "image" }>,
  folders: ClusterFolders,
  { env, print, signal }: Surroundings,
): Promise<number> => {
  const images = createClusterImages(folders, { env, signal, say: print });
  await images.buildImage(tag, { directory, buildArguments });
  return exitCode.done;
};

const carryOut = async (command: ClusterCommand, around: Surroundings): Promise<number> => {
  const folders = clusterFolders(around.env);
  if (command.kind === "up")
    return around.env["KUBECONFIG"] === undefined ? up(command.level, folders, around) : existing(around);
  if (command.kind === "build") return build(folders, around);
  if (command.kind === "down") return down(levelsOf(command.level), folders, around);
  if (command.kind === "status") return status(levelsOf(command.level), folders, around);
  if (command.kind === "image") return image(command, folders, around);
  around.print(usage);
  return exitCode.done;
};

/** Carries a command out; answers with the exit code. */
export const runClusterCommand = async (command: ClusterCommand, around: Surroundings): Promise<number> => {
  try {
    return await carryOut(command, around);
  } catch (error) {
    if (!(error instanceof ClusterHeldError || error instanceof ClusterUnavailableError)) throw error;
    around.print(error.message);
    return error instanceof ClusterHeldError ? exitCode.held : exitCode.unavailable;
  }
};
