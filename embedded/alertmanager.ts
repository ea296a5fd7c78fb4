import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Service } from "../kit/src/service.ts";
import { answers, type RunningProgram, type RunScope, untilReady } from "./run-scope.ts";

export type AlertmanagerOptions = {
  /** Its whole configuration: routes, receivers, inhibition. */
  readonly config: object;
  /** Default any free one. */
  readonly port?: number;
};

export type Alertmanager = Service & {
  url(): string;
  /** `host:port`, as Prometheus is told. */
  readonly target: string;
};

/** A private Alertmanager at the run's own address, without peers. */
export const createAlertmanager = async (
  scope: RunScope,
  options: AlertmanagerOptions,
): Promise<Alertmanager> => {
  const bin = scope.program("alertmanager");
  const directory = join(scope.directory, "alertmanager");
  const target = `${scope.address}:${options.port ?? (await scope.freePort())}`;
  const url = `http://${target}`;
  let server: RunningProgram | undefined;
  return {
    target,
    url: () => url,
    async start() {
      await mkdir(directory, { recursive: true });
      const file = join(directory, "alertmanager.yml");
      await writeFile(file, JSON.stringify(options.config));
      const started = scope.spawn("alertmanager-server", [
        bin,
        `--config.file=${file}`,
        `--storage.path=${join(directory, "data")}`,
        `--web.listen-address=${target}`,
        "--cluster.listen-address=",
        "--log.level=warn",
      ]);
      server = started;
      await untilReady("Alertmanager", started, () => answers(`${url}/-/ready`));
    },
    async stop() {
      await server?.end(10_000);
      server = undefined;
    },
  };
};
