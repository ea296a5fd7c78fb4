import { Command, InvalidArgumentError } from "commander";
import { ConfigError } from "../../kit/src/config-error.ts";
import { type Explanation, printExplanation } from "./explanation-output.ts";
import { askOperator } from "./explain-from-operator.ts";

type Flags = {
  readonly url?: string;
  readonly namespace?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly json: boolean;
  readonly last: number;
};
type Environment = Readonly<Record<string, string | undefined>>;

const localOperator = "http://127.0.0.1:9090";

/** `millrace explain NAME`: why an autoscaler has the replicas it has, asked from a running operator or read from a cluster. */
export function explainCommand(env: Environment = process.env): Command {
  return new Command("explain")
    .description(
      "Says why an autoscaler has the replicas it has. Exit codes: 0 explained, 1 unknown name, no operator or no cluster, 2 wrong usage.",
    )
    .argument("<name>", "of the autoscaler, or namespace/name")
    .option(
      "--url <url>",
      "a running operator (MILLRACE_OPERATOR_URL); without it the one on this machine, if there is one, else the cluster",
      env["MILLRACE_OPERATOR_URL"],
    )
    .option("-n, --namespace <name>", "read the cluster: the autoscaler's namespace")
    .option("--kubeconfig <file>", "read the cluster: how to reach it")
    .option("--context <name>", "read the cluster: a context of the kubeconfig other than its current one")
    .option("--json", "what is known, as JSON", false)
    .option("--last <count>", "how many decisions; default 10", wholeNumber, 10)
    .action(async (name: string, flags: Flags) => {
      printExplanation(await explain(name, flags, env), { ...flags, nowMs: Date.now() });
    });
}

async function explain(name: string, flags: Flags, env: Environment): Promise<Explanation> {
  const { url, namespace, kubeconfig, context } = flags;
  const saysCluster = namespace !== undefined || kubeconfig !== undefined || context !== undefined;
  if (url !== undefined && !saysCluster) return askOperator(name, url);
  if (flags.url !== undefined && env["MILLRACE_OPERATOR_URL"] === undefined)
    throw new ConfigError(["--url: does not go with --namespace, --kubeconfig and --context: choose one"]);
  const local = saysCluster ? undefined : await askOperator(name, localOperator);
  if (local !== undefined && local.kind !== "nobody") return local;
  const { readCluster } = await import("./explain-from-cluster.ts");
  const cluster = await readCluster(name, { namespace, kubeconfig, context, env });
  if (local === undefined || cluster.kind !== "nobody") return cluster;
  return { kind: "nobody", lines: [...local.lines, ...cluster.lines] };
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1 || value > 1_000)
    throw new InvalidArgumentError("expected 1 to 1000");
  return value;
}
