import type { Manifest } from "./render-chart.ts";

type Selected = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly isService: boolean;
};

/** Checks of what selects pods: dangling-service, and (not a default) non-isolated-pod where there are policies at all. */
export const serviceProblems = (
  manifests: readonly Manifest[],
  workloads: readonly Selected[],
): readonly string[] => {
  const selectorOf = ({ spec = {} }: Manifest): Readonly<Record<string, string>> =>
    (spec["selector"] ??
      (spec["podSelector"] as { matchLabels: Record<string, string> }).matchLabels) as Readonly<
      Record<string, string>
    >;
  const selects = (manifest: Manifest, { labels }: Selected): boolean =>
    isSubset(selectorOf(manifest), labels);
  const services = manifests.filter(({ kind }) => kind === "Service");
  const policies = manifests.filter(({ kind }) => kind === "NetworkPolicy");
  const exposed = workloads.filter(({ isService }) => isService);
  return [
    ...services
      .filter((service) => !workloads.some((workload) => selects(service, workload)))
      .map(({ metadata }) => `dangling-service: ${metadata.name}`),
    ...exposed
      .filter((workload) => policies.length > 0 && !policies.some((policy) => selects(policy, workload)))
      .map(({ name }) => `non-isolated-pod (not a default): ${name}`),
  ];
};

/** True when a pod with the labels `whole` is selected by `part`. */
export const isSubset = (
  part: Readonly<Record<string, string>>,
  whole: Readonly<Record<string, string>>,
): boolean => Object.entries(part).every(([key, value]) => whole[key] === value);
