import { ConfigError } from "../../kit/src/config-error.ts";
import type { AutoscalerView } from "../operator/autoscaler-view.ts";
import { type Explanation, listed } from "./explanation-output.ts";

type Problem = { readonly title: string; readonly autoscalers: readonly string[] };

const remedy = [
  "Start one with: millrace operator --config DIR ...",
  "or name a running one with --url http://host:port.",
];

/** Asks a running operator over HTTP. */
export async function askOperator(name: string, url: string): Promise<Explanation> {
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ""))
    throw new ConfigError([`--url: expected http://host:port of an operator, got ${url}`]);
  const path = name.split("/").map(encodeURIComponent).join("/");
  const response = await fetch(`${url.replace(/\/$/, "")}/v1/autoscalers/${path}`, {
    signal: AbortSignal.timeout(10_000),
  }).catch((cause: unknown) => (cause instanceof Error ? cause : new Error(String(cause))));
  if (response instanceof Error)
    return { kind: "nobody", lines: [`No operator answers at ${url}.`, ...remedy] };
  // JSON of whoever listens there: every part of it may be missing.
  const answer = (await response.json().catch(() => undefined)) as
    | Partial<AutoscalerView & Problem>
    | undefined;
  if (response.ok && isView(answer)) return { kind: "explained", view: answer };
  const { title, autoscalers } = answer ?? {};
  if (title === undefined || autoscalers === undefined)
    return {
      kind: "nobody",
      lines: [`${url} answers ${response.status}: is it an operator?`, ...remedy],
    };
  return { kind: "unknown", lines: [title, ...listed(autoscalers)] };
}

/** Anything may listen at the address that was given. */
function isView(answer: Partial<AutoscalerView> | undefined): answer is AutoscalerView {
  return answer?.kind === "WorkerAutoscaler" && Array.isArray(answer.decisions);
}
