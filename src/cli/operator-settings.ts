import { FlagReader } from "./flag-reader.ts";
import { type CommonSettings, parseCommonFlags } from "./operator-common.ts";
import type { OperatorFlags } from "./operator-flags.ts";

/** Of an operator that takes its autoscalers from files and scales process pools. */
export type OperatorSettings = CommonSettings & {
  readonly config: readonly string[];
  readonly fleet: {
    readonly discoveryDirectory?: string;
    readonly accountFile?: string;
    readonly logDirectory?: string;
    readonly metricsHost: string;
  };
};

/** Checks all flags; `problems` names each one that is wrong, and then the settings are not to be used. */
export function parseOperatorFlags(flags: OperatorFlags): { settings: OperatorSettings; problems: string[] } {
  const reader = new FlagReader();
  const { config = [] } = flags;
  if (config.length === 0) {
    reader.problems.push(
      "--config: required (or MILLRACE_CONFIG): a file or directory with WorkerAutoscaler documents; or --kubernetes",
    );
  }
  reader.problems.push(...onlyOnCluster(flags));
  const settings: OperatorSettings = {
    config,
    ...parseCommonFlags(reader, flags),
    fleet: {
      ...(flags.discoveryDir !== undefined && { discoveryDirectory: flags.discoveryDir }),
      ...(flags.accountFile !== undefined && { accountFile: flags.accountFile }),
      ...(flags.workerLogDir !== undefined && { logDirectory: flags.workerLogDir }),
      metricsHost: reader.host("--worker-metrics-host", flags.workerMetricsHost),
    },
  };
  return { settings, problems: reader.problems };
}

function onlyOnCluster(flags: OperatorFlags): string[] {
  const { kubeconfig, context, namespaces, leaseNamespace, protectBusyPods } = flags;
  const given = {
    "--kubeconfig": kubeconfig,
    "--context": context,
    "--namespaces": namespaces,
    "--lease-namespace": leaseNamespace,
    "--protect-busy-pods": protectBusyPods,
  };
  return Object.entries(given).flatMap(([flag, value]) =>
    value === undefined ? [] : [`${flag}: goes with --kubernetes only`],
  );
}
