import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

export const chartFolder = fileURLToPath(new URL("../../charts/millrace", import.meta.url));

/** As rendered; what a test looks at is narrowed there. */
export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
  readonly rules?: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
    readonly resourceNames?: readonly string[];
  }[];
};

export type Values = Readonly<Record<string, unknown>>;

export type RenderOptions = {
  /** Path of the helm to use. */
  readonly helm: string;
  readonly release?: string;
  readonly namespace?: string;
  /** Folder of a copy of the chart, instead of the chart. */
  readonly chart?: string;
  /** What the cluster serves beside Kubernetes' own. */
  readonly apiVersions?: readonly string[];
};

/** Helm refused; the message is what a person would see. */
export class RenderError extends Error {
  override readonly name = "RenderError";
}

// A Helm that was built from its module alone believes in an old Kubernetes.
const version = ["--kube-version", "1.34.4"];

/** What `helm template` writes for these values. @throws RenderError */
export const renderText = (values: Values, options: RenderOptions): string => {
  const { helm, release = "demo", namespace = "messaging", chart = chartFolder, apiVersions = [] } = options;
  const served = apiVersions.flatMap((one) => ["--api-versions", one]);
  const args = ["template", release, chart, "--namespace", namespace, "--values", "-", ...version, ...served];
  const { status, stdout, stderr } = spawnSync(helm, args, {
    input: JSON.stringify(values),
    encoding: "utf8",
  });
  if (status !== 0) throw new RenderError(stderr);
  return stdout;
};

/** The same as objects. @throws RenderError */
export const renderChart = (values: Values, options: RenderOptions): readonly Manifest[] =>
  parseAllDocuments(renderText(values, options))
    .map((document) => {
      if (document.errors.length > 0) throw new AggregateError(document.errors, "rendered text is no YAML");
      return document.toJS() as Manifest | null;
    })
    .filter((manifest) => manifest !== null);

export const find = (manifests: readonly Manifest[], kind: string, nameEnd = ""): Manifest => {
  const found = manifests.filter((one) => one.kind === kind && one.metadata.name.endsWith(nameEnd));
  const [first] = found;
  if (first === undefined || found.length > 1)
    throw new Error(`expected one ${kind} *${nameEnd}, found ${found.length}`);
  return first;
};
