import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "../../kit/src/logger.ts";

type DiscoveredPool = {
  readonly namespace: string;
  readonly pool: string;
  /** `host:port` each. */
  readonly addresses: readonly string[];
};

/** One file of Prometheus' file-based discovery. */
export type DiscoveryFile = {
  readonly path: string;
  write(pools: readonly DiscoveredPool[]): void;
  remove(): void;
};

/**
 * Files are small and rarely written, so they are written synchronously: the order of changes is the order on disk. A
 * reader sees the old or the new text, never a part: the name that Prometheus looks for appears by a rename.
 */
export const createDiscoveryFile = (directory: string, token: string, logger: Logger): DiscoveryFile => {
  const path = join(directory, `millrace-${token}.json`);
  const partial = `${path}.part`;
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      logger.error({ err: error, path }, "cannot write the discovery file, Prometheus will miss replicas");
    }
  };
  return {
    path,
    write: (pools) =>
      attempt(() => {
        const groups = pools.map(({ namespace, pool, addresses }) => ({
          targets: addresses,
          labels: { namespace, pool },
        }));
        mkdirSync(directory, { recursive: true });
        writeFileSync(partial, `${JSON.stringify(groups, undefined, 1)}\n`);
        renameSync(partial, path);
      }),
    remove: () => attempt(() => rmSync(path, { force: true })),
  };
};
