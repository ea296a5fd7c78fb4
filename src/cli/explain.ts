import { Command, InvalidArgumentError } from "commander";
import { ConfigError } from "../../kit/src/config-error.ts";
import type { AutoscalerView } from "../operator/autoscaler-view.ts";
import { explanationOf } from "../operator/explanation.ts";

type Flags = { readonly url: string; readonly json: boolean; readonly last: number };
type Problem = { readonly title: string; readonly autoscalers: readonly string[] };

/** `millrace explain NAME`: why an autoscaler has the replicas it has, asked from a running operator. */
export function explainCommand(env: Readonly<Record<string, string | undefined>> = process.env): Command {
  return new Command("explain")
    .description(
      "Says why an autoscaler has the replicas it has. Exit codes: 0 explained, 1 unknown name or no operator, 2 wrong usage.",
    )
    .argument("<name>", "of the autoscaler, or namespace/name")
    .option(
      "--url <url>",
      "the operator (MILLRACE_OPERATOR_URL; default http://127.0.0.1:9090)",
      env["MILLRACE_OPERATOR_URL"] ?? "http://127.0.0.1:9090",
    )
    .option("--json", "what the operator knows, as JSON", false)
    .option("--last <count>", "how many decisions; default 10", wholeNumber, 10)
    .action((name: string, flags: Flags) => explain(name, flags));
}

async function explain(name: string, { url, json, last }: Flags): Promise<void> {
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ""))
    throw new ConfigError([`--url: expected http://host:port of an operator, got ${url}`]);
  const path = name.split("/").map(encodeURIComponent).join("/");
  const response = await fetch(`${url.replace(/\/$/, "")}/v1/autoscalers/${path}`, {
    signal: AbortSignal.timeout(10_000),
  }).catch((cause: unknown) => (cause instanceof Error ? cause : new Error(String(cause))));
  if (response instanceof Error) return fail([`No operator answers at ${url}.`, ...remedy]);
  // JSON of whoever listens there: every part of it may be missing.
  const answer = (await response.json().catch(() => undefined)) as
    | Partial<AutoscalerView & Problem>
    | undefined;
  if (response.ok && isView(answer)) {
    const view = { ...answer, decisions: answer.decisions.slice(-last) };
    return console.log(json ? JSON.stringify(view) : explanationOf(answer, { last, nowMs: Date.now() }));
  }
  const { title, autoscalers } = answer ?? {};
  if (title === undefined || autoscalers === undefined)
    return fail([`${url} answers ${response.status}: is it an operator?`, ...remedy]);
  fail([
    title,
    autoscalers.length === 0 ? "There is none." : "There are:",
    ...autoscalers.map((key) => `  ${key}`),
  ]);
}

/** Anything may listen at the address that was given. */
function isView(answer: Partial<AutoscalerView> | undefined): answer is AutoscalerView {
  return answer?.kind === "WorkerAutoscaler" && Array.isArray(answer.decisions);
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
