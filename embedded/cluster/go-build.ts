import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { whileExclusive } from "./exclusive.ts";
import { type PinnedProgram, pinnedPrograms, type ProgramName } from "./pinned-programs.ts";

const run = promisify(execFile);
const modules = fileURLToPath(new URL("modules/", import.meta.url));
const oldestGo = { major: 1, minor: 26 };

/** A program that could not be built. The message names it, the cause holds the compiler's words. */
export class ProgramBuildError extends Error {
  override readonly name = "ProgramBuildError";
}

export type BuildOptions = {
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
};

/** `GO_BIN` decides alone where it is set. */
export const goCommand = (env: NodeJS.ProcessEnv): string | undefined => {
  const folders = [...(env["PATH"] ?? "").split(delimiter), "/usr/local/go/bin", "/usr/lib/go/bin"];
  const guesses = folders.filter((folder) => folder !== "").map((folder) => join(folder, "go"));
  return (env["GO_BIN"] === undefined ? guesses : [env["GO_BIN"]]).find((file) => existsSync(file));
};

/** Everything that decides what comes out, so that an unchanged program is not built again. */
const pinsOf = async (program: PinnedProgram): Promise<string> => {
  const folder = join(modules, program.module);
  const hash = createHash("sha256").update(`${program.package}\n${program.ldflags ?? ""}\n`);
  if (program.buildTags !== undefined) hash.update(`${program.buildTags}\n`);
  for (const file of (await readdir(folder)).toSorted()) hash.update(await readFile(join(folder, file)));
  return hash.digest("hex").slice(0, 16);
};

/** The file's name holds its pins: two checkouts with different pins share a cache folder without harm. */
const pathOf = async (folder: string, name: ProgramName): Promise<string> =>
  join(folder, await pinsOf(pinnedPrograms[name]), name);

const missing = async (folder: string, names: readonly ProgramName[]): Promise<readonly ProgramName[]> => {
  const paths = await Promise.all(names.map(async (name) => ({ name, path: await pathOf(folder, name) })));
  return paths.filter(({ path }) => !existsSync(path)).map(({ name }) => name);
};

/** Why these programs can be neither found nor built here; undefined when they can. */
export const whyNotBuildable = async (
  folder: string,
  names: readonly ProgramName[],
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> => {
  const absent = await missing(folder, names);
  if (absent.length === 0) return undefined;
  const needed = `Go ${oldestGo.major}.${oldestGo.minor} or later, which builds ${absent.join(", ")} (https://go.dev/dl)`;
  const go = goCommand(env);
  if (go === undefined) return needed;
  const asked = run(go, ["env", "GOVERSION"], { env: { ...env, GOTOOLCHAIN: "local" } });
  const { stdout } = await asked.catch(() => ({ stdout: "broken" }));
  const [, major = "0", minor = "0"] = /^go(\d+)\.(\d+)/.exec(stdout) ?? [];
  const isEnough =
    Number(major) > oldestGo.major || (Number(major) === oldestGo.major && Number(minor) >= oldestGo.minor);
  return isEnough ? undefined : `${needed}; ${go} is ${stdout.trim()}`;
};

const build = async (path: string, name: ProgramName, options: BuildOptions): Promise<void> => {
  const program: PinnedProgram = pinnedPrograms[name];
  const startedMs = performance.now();
  options.say(`building ${name} ...`);
  await mkdir(join(path, ".."), { recursive: true });
  const tags = program.buildTags === undefined ? [] : [`-tags=${program.buildTags}`];
  const ldflags = `-ldflags=-s -w ${program.ldflags ?? ""}`;
  const flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", ldflags, ...tags];
  try {
    await run(goCommand(options.env) ?? "go", ["build", ...flags, "-o", `${path}.new`, program.package], {
      cwd: join(modules, program.module),
      env: { ...options.env, CGO_ENABLED: "0", GOTOOLCHAIN: "local", GOWORK: "off" },
      maxBuffer: 64 * 1024 * 1024,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    const words = (error as { stderr?: string }).stderr?.trim().split("\n").slice(-5).join("\n") ?? "";
    throw new ProgramBuildError(`${name} could not be built: ${words}`, { cause: error });
  }
  await rename(`${path}.new`, path);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  const megabytes = ((await stat(path)).size / 1e6).toFixed(0);
  await writeFile(`${path}.built`, `${seconds} s, ${megabytes} MB\n`);
  options.say(`built ${name} in ${seconds} s (${megabytes} MB)`);
};

/** Builds what is missing in `folder`; answers with the path of each. */
export const buildPrograms = async <Name extends ProgramName>(
  folder: string,
  names: readonly Name[],
  options: BuildOptions,
): Promise<Readonly<Record<Name, string>>> => {
  if ((await missing(folder, names)).length > 0) {
    const exclusive = {
      name: `build-${folder}`,
      who: `process ${process.pid}`,
      onWait: (holder: string) => options.say(`waiting for ${holder}, which is building the same programs`),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    };
    await whileExclusive(exclusive, async () => {
      for (const name of await missing(folder, names)) await build(await pathOf(folder, name), name, options);
    });
  }
  const paths = await Promise.all(names.map(async (name) => [name, await pathOf(folder, name)] as const));
  return Object.fromEntries(paths) as Record<Name, string>;
};
