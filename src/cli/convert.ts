import { Command, InvalidArgumentError, Option } from "commander";
import { ConfigError } from "../../kit/src/config-error.ts";
import { type Conversion, convertDocuments } from "../convert/convert.ts";
import type { Choices } from "../convert/convert-scaled-object.ts";
import { clusterAccess } from "../kubernetes/cluster-access.ts";
import { createClusterClient } from "../kubernetes/cluster-client.ts";
import { ClusterAccessError, KubernetesError } from "../kubernetes/errors.ts";
import { listKedaObjects } from "../kubernetes/scaled-object-source.ts";
import { messagesOf, yamlOf } from "./convert-output.ts";
import { DocumentError, fileTitle, readDocuments } from "./read-documents.ts";

type Flags = {
  readonly namespace?: string;
  readonly all: boolean;
  readonly context?: string;
  readonly broker: string;
  readonly mode: Choices["mode"];
  readonly waitSeconds?: number;
  readonly serviceSeconds?: number;
  readonly slots?: number;
  readonly json: boolean;
};
type Env = Readonly<Record<string, string | undefined>>;

/** `millrace convert`: WorkerAutoscalers from KEDA's ScaledObjects, out of files or out of a cluster. Writes to no cluster. */
export function convertCommand(env: Env = process.env): Command {
  return new Command("convert")
    .description(
      "Makes WorkerAutoscalers from KEDA's ScaledObjects with RabbitMQ triggers: YAML on standard output, with notes on what has no equal; the notes on standard error too. Exit codes: 0 all converted, 1 some could not be, or there were none, 2 wrong usage.",
    )
    .argument("[file...]", "with ScaledObjects and TriggerAuthentications; - is standard input")
    .option(
      "-n, --namespace <name>",
      "read the ScaledObjects of this namespace from the cluster (KUBECONFIG)",
    )
    .option("--all", "read those of all namespaces", false)
    .option("--context <name>", "a context of the kubeconfig other than its current one")
    .option(
      "--broker <name>",
      "the broker's name in the operator's configuration; default default",
      "default",
    )
    .addOption(
      new Option("--mode <mode>", "of the WorkerAutoscalers, Active or DryRun; default DryRun")
        .choices(["Active", "DryRun"])
        .default("DryRun"),
    )
    .option("--wait-seconds <seconds>", "the promised wait, whatever the triggers say", seconds)
    .option("--service-seconds <seconds>", "how long a job runs on average", seconds)
    .option("--slots <count>", "jobs that a replica runs at a time", slots)
    .option("--json", "resources, notes and refusals as one JSON object", false)
    .action((files: readonly string[], flags: Flags) => convert(files, flags, env));
}

async function convert(files: readonly string[], flags: Flags, env: Env): Promise<void> {
  const documents = await documentsFrom(files, flags, env).catch((error: unknown) => {
    if (
      error instanceof DocumentError ||
      error instanceof KubernetesError ||
      error instanceof ClusterAccessError
    )
      return error;
    throw error;
  });
  if (documents instanceof Error) return fail(documents.message);
  const conversion = convertDocuments(documents, choicesOf(flags));
  print(conversion, flags);
  if (conversion.converted.length + conversion.refused.length === 0)
    fail(`There is no ScaledObject ${whereOf(files, flags)}.`);
  if (conversion.refused.length > 0) process.exitCode = 1;
}

function print(conversion: Conversion, { json }: Flags): void {
  if (json) return console.log(JSON.stringify(conversion));
  const text = yamlOf(conversion);
  if (text !== "") process.stdout.write(text);
  for (const message of messagesOf(conversion)) console.error(message);
}

const choicesOf = ({ broker, mode, waitSeconds, serviceSeconds, slots }: Flags): Choices => ({
  broker,
  mode,
  ...(waitSeconds !== undefined && { waitSeconds }),
  ...(serviceSeconds !== undefined && { serviceSeconds }),
  ...(slots !== undefined && { slotsPerReplica: slots }),
});

async function documentsFrom(files: readonly string[], flags: Flags, env: Env): Promise<readonly unknown[]> {
  const { namespace, all, context } = flags;
  const sources = [files.length > 0, namespace !== undefined, all].filter(Boolean);
  if (sources.length !== 1)
    throw new ConfigError([
      "expected one of: files, --namespace NAME, or --all, for example scaled-objects.yaml",
    ]);
  if (files.length > 0) {
    if (context !== undefined) throw new ConfigError(["--context: only with --namespace or --all"]);
    return readDocuments(files);
  }
  const client = createClusterClient(
    await clusterAccess({ env, ...(context !== undefined && { context }) }),
    { userAgent: "millrace-convert" },
  );
  try {
    return await listKedaObjects(client, namespace, AbortSignal.timeout(120_000));
  } finally {
    client.close();
  }
}

function whereOf(files: readonly string[], { namespace }: Flags): string {
  if (files.length > 0) return `in ${files.map(fileTitle).join(", ")}`;
  return namespace === undefined ? "in the cluster" : `in namespace ${namespace}`;
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 1;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 31_536_000)) throw new InvalidArgumentError("expected seconds above 0");
  return value;
}

function slots(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1 || value > 10_000)
    throw new InvalidArgumentError("expected 1 to 10000");
  return value;
}
