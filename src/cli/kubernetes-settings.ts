import { FlagReader } from "./flag-reader.ts";
import { type CommonSettings, parseCommonFlags } from "./operator-common.ts";
import type { OperatorFlags } from "./operator-flags.ts";

/** Of an operator that takes its autoscalers from a cluster. */
export type KubernetesSettings = CommonSettings & {
  readonly kubeconfig?: string;
  readonly context?: string;
  /** Absent: all. */
  readonly namespaces?: readonly string[];
  readonly protectBusyPods: boolean;
  /** Absent: without leader election. The namespace is that of the pod or of the kubeconfig's context where none is given. */
  readonly lease?: { readonly name: string; readonly namespace?: string };
};

type Environment = Readonly<Record<string, string | undefined>>;

/** By flag; and in a pod that was not given any files. */
export function isOnKubernetes({ kubernetes, config }: OperatorFlags, env: Environment): boolean {
  return kubernetes ?? (config === undefined && env["KUBERNETES_SERVICE_HOST"] !== undefined);
}

/** Checks all flags; `problems` names each one that is wrong, and then the settings are not to be used. */
export function parseKubernetesFlags(flags: OperatorFlags): {
  settings: KubernetesSettings;
  problems: string[];
} {
  const reader = new FlagReader();
  reader.problems.push(...onlyWithFiles(flags));
  const { kubeconfig, context, leaderElection, leaseName, leaseNamespace } = flags;
  const namespaces = namesIn(reader, "--namespaces", flags.namespaces);
  nameIn(reader, "--lease-name", leaseName);
  nameIn(reader, "--lease-namespace", leaseNamespace);
  const settings: KubernetesSettings = {
    ...parseCommonFlags(reader, flags),
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
    ...(namespaces !== undefined && { namespaces }),
    protectBusyPods: flags.protectBusyPods === true,
    ...(leaderElection && {
      lease: { name: leaseName, ...(leaseNamespace !== undefined && { namespace: leaseNamespace }) },
    }),
  };
  return { settings, problems: reader.problems };
}

function namesIn(reader: FlagReader, flag: string, text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const names = text.split(",").map((name) => name.trim());
  for (const name of names) nameIn(reader, flag, name);
  return [...new Set(names)];
}

function nameIn(reader: FlagReader, flag: string, name: string | undefined): void {
  if (name === undefined || /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name)) return;
  reader.problems.push(`${flag}: expected lower-case letters, digits, '-' and '.', got "${name}"`);
}

function onlyWithFiles({ config, discoveryDir, accountFile, workerLogDir }: OperatorFlags): string[] {
  const given = {
    "--config": config,
    "--discovery-dir": discoveryDir,
    "--account-file": accountFile,
    "--worker-log-dir": workerLogDir,
  };
  return Object.entries(given).flatMap(([flag, value]) =>
    value === undefined ? [] : [`${flag}: does not go with --kubernetes: process pools are for files`],
  );
}
