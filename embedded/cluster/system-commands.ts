import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { controlPlaneDistribution, nodeDistribution, programs } from "../../scripts/programs.mjs";

const execute = promisify(execFile);

/** A command of the machine that failed. The message holds what it printed last. */
export class SystemCommandError extends Error {
  override readonly name = "SystemCommandError";
}

export type SystemCommands = {
  /** Path of a program of the distribution. */
  path(name: keyof typeof programs): string;
  /** What programs that call others (containerd, kubelet, CNI plugins) need on PATH to find the same ones. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs one to its end; answers with what it printed. */
  run(name: keyof typeof programs | (string & {}), ...args: readonly string[]): Promise<string>;
};

/** Of what a failed command printed, the lines that are told. */
const lastLines = 15;

/** Programs of the distribution that are missing here, of those named. */
export const missingDistribution = (
  names: readonly (keyof typeof programs)[],
  env: NodeJS.ProcessEnv,
): readonly (keyof typeof programs)[] => names.filter((name) => programs[name].find(env) === undefined);

/** The machine's own commands, at the places where the bootstrap looks for them. */
export const systemCommands = (env: NodeJS.ProcessEnv, signal?: AbortSignal): SystemCommands => {
  const find = (name: string): string =>
    (programs as Readonly<Record<string, (typeof programs)["etcd"]>>)[name]?.find(env) ?? name;
  const folders = [...controlPlaneDistribution, ...nodeDistribution].map((name) => dirname(find(name)));
  const search = [
    ...folders.filter((folder) => folder !== "."),
    env["PATH"] ?? "",
    "/usr/sbin:/usr/bin:/sbin:/bin",
  ];
  const commandEnv = { ...env, PATH: [...new Set(search)].join(":") };
  return {
    path: find,
    env: commandEnv,
    async run(name, ...args) {
      const options = { env: commandEnv, maxBuffer: 64 * 1024 * 1024, ...(signal && { signal }) };
      try {
        return (await execute(find(name), [...args], options)).stdout;
      } catch (error) {
        signal?.throwIfAborted();
        const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
        const words = `${stdout}\n${stderr}`.trim().split("\n").slice(-lastLines).join("\n");
        throw new SystemCommandError(`${name} ${args.join(" ")}: ${words}`, { cause: error });
      }
    },
  };
};
