import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { chartFolder, type Values } from "./render-chart.ts";

const run = promisify(execFile);

export type HelmCommandOptions = {
  /** Path of the program. */
  readonly helm: string;
  readonly kubeconfig: string;
  readonly namespace: string;
  /** Where values and Helm's own files are kept. */
  readonly directory: string;
};

export type HelmCommand = {
  /** Any subcommand; answers with what it printed, rejects with what it complained of. */
  run(...args: readonly string[]): Promise<string>;
  /** Installs or upgrades the chart, or a copy of it. */
  install(values: Values, options?: { readonly chart?: string; readonly wait?: boolean }): Promise<string>;
};

export const release = "demo";

/** Helm on a cluster, with one release. */
export const helmCommand = ({ helm, kubeconfig, namespace, directory }: HelmCommandOptions): HelmCommand => {
  const env = {
    ...process.env,
    HELM_CACHE_HOME: directory,
    HELM_CONFIG_HOME: directory,
    HELM_DATA_HOME: directory,
  };
  const command = async (...args: readonly string[]): Promise<string> => {
    const all = ["--kubeconfig", kubeconfig, "--namespace", namespace, ...args];
    return (await run(helm, all, { env, maxBuffer: 16 * 1024 * 1024 })).stdout;
  };
  return {
    run: command,
    async install(values, { chart = chartFolder, wait = false } = {}) {
      const file = join(directory, `${namespace}-values.json`);
      await writeFile(file, JSON.stringify(values));
      const waiting = wait ? ["--wait", "--timeout=180s"] : [];
      return command("upgrade", "--install", release, chart, "--values", file, ...waiting);
    },
  };
};
