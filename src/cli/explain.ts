import { Command, InvalidArgumentError } from "commander";
import type { AutoscalerView } from "../operator/autoscaler-view.ts";
import { explanationOf } from "../operator/explanation.ts";

type Flags = { readonly url: string; readonly json: boolean; readonly last: number };
type Problem = { readonly title: string; readonly autoscalers: readonly string[] };

/** `millrace explain NAME`: why an autoscaler has the replicas it has, asked from a running operator. */
export function explainCommand(): Command {
  return new Command("explain")
    .description(
      "Says why an autoscaler has the replicas it has. Exit codes: 0 explained, 1 unknown name or no operator.",
    )
    .argument("<name>", "of the autoscaler, or namespace/name")
    .option(
      "--url <url>",
      "the operator (MILLRACE_OPERATOR_URL)",
      process.env["MILLRACE_OPERATOR_URL"] ?? "http://127.0.0.1:9090",
    )
    .option("--json", "what the operator knows, as JSON", false)
    .option("--last <count>", "how many decisions", wholeNumber, 10)
    .action((name: string, flags: Flags) => explain(name, flags));
}

async function explain(name: string, { url, json, last }: Flags): Promise<void> {
  const path = name.split("/").map(encodeURIComponent).join("/");
  const response = await fetch(`${url.replace(/\/$/, "")}/v1/autoscalers/${path}`, {
    signal: AbortSignal.timeout(10_000),
  }).catch((cause: unknown) => (cause instanceof Error ? cause : new Error(String(cause))));
  if (response instanceof Error) return fail([`No operator answers at ${url}.`, ...remedy]);
  const text = await response.text();
  if (response.ok && json) return console.log(text);
  if (response.ok) {
    const view: AutoscalerView = JSON.parse(text);
    return console.log(explanationOf(view, { last, nowMs: Date.now() }));
  }
  if (response.headers.get("content-type")?.startsWith("application/problem+json") !== true)
    return fail([`${url} answers ${response.status}: is it an operator?`, ...remedy]);
  const { title, autoscalers }: Problem = JSON.parse(text);
  fail([
    title,
    autoscalers.length === 0 ? "There is none." : "There are:",
    ...autoscalers.map((key) => `  ${key}`),
  ]);
}

const remedy = [
  "Start one with: millrace operator --config DIR ...",
  "or name a running one with --url http://host:port.",
];

function fail(lines: readonly string[]): void {
  for (const line of lines) console.error(line);
  process.exitCode = 1;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1 || value > 1_000)
    throw new InvalidArgumentError("expected 1 to 1000");
  return value;
}
