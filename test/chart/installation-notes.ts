import { spawnSync } from "node:child_process";
import { devNull } from "node:os";
import { chartFolder, type Values } from "./render-chart.ts";

type Installation = { readonly release?: string; readonly namespace?: string };

/** What a person reads after the installation. With Helm 4: Helm 3 without a cluster believes in one that is too old for the chart. */
export const installationNotes = (
  helm: string,
  values: Values,
  { release = "demo", namespace = "messaging" }: Installation = {},
): string => {
  const flags = ["--namespace", namespace, "--dry-run=client", "--values", "-"];
  const { stdout } = spawnSync(helm, ["install", release, chartFolder, ...flags], {
    input: JSON.stringify(values),
    encoding: "utf8",
    env: { ...process.env, KUBECONFIG: devNull },
  });
  return stdout.slice(stdout.indexOf("NOTES:"));
};

/** The WorkerAutoscaler that the notes let people apply, as YAML, in lines that a shell takes as they are. */
export const appliedDocument = (notes: string): string =>
  /^kubectl apply --namespace \S+ -f - <<'EOF'\n(.*?)^EOF$/ms.exec(notes)?.[1] ?? "";

/** What the notes' command lets Node run inside a pod of the worker; undefined where they have none. */
export const publishingScript = (notes: string): string | undefined =>
  /-- node --input-type=module --eval '([^']+)'$/m.exec(notes)?.[1];
