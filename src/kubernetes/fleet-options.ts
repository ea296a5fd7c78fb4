import type { Registry } from "prom-client";
import { ConfigError } from "../../kit/src/config-error.ts";
import type { Logger } from "../../kit/src/logger.ts";
import type { ClusterClient } from "./cluster-client.ts";
import type { ListWatchTimingOptions } from "./list-watch-timing.ts";

export type KubernetesFleetOptions = {
  readonly client: ClusterClient;
  /** Those the role covers, at least one; absent: the whole cluster. */
  readonly namespaces?: readonly string[];
  /** After this long without contact with the API server a target is unknown, and stays as it is. Default 30, 5 to 600. */
  readonly staleAfterSeconds?: number;
  /** Busy pods carry annotations that keep Karpenter and the cluster autoscaler from moving them. Default false. */
  readonly protectBusyPods?: boolean;
  readonly registry?: Registry;
  readonly logger?: Logger;
  readonly timing?: ListWatchTimingOptions;
  readonly nowMs?: () => number;
};

/** Answers `staleAfterMs`. Throws a ConfigError that names every value out of range. */
export const checkFleetOptions = ({
  namespaces,
  staleAfterSeconds = 30,
}: KubernetesFleetOptions): { readonly staleAfterMs: number } => {
  const problems: string[] = [];
  if (namespaces?.length === 0) problems.push("namespaces: expected at least one, got none");
  for (const name of namespaces ?? [])
    if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name))
      problems.push(`namespaces: ${JSON.stringify(name)} is not the name of a namespace`);
  if (!(staleAfterSeconds >= 5 && staleAfterSeconds <= 600))
    problems.push(`staleAfterSeconds: expected 5 to 600, got ${staleAfterSeconds}`);
  if (problems.length > 0) throw new ConfigError(problems);
  return { staleAfterMs: staleAfterSeconds * 1_000 };
};
