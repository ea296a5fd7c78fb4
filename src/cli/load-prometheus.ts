import { parsePrometheus } from "../prometheus/options.ts";
import type { PrometheusWorkerSourceOptions } from "../prometheus/prometheus-worker-source.ts";
import { FlagReader } from "./flag-reader.ts";
import type { OperatorFlags } from "./operator-flags.ts";
import { readYamlFile } from "./read-yaml-file.ts";

export type PrometheusSettings = PrometheusWorkerSourceOptions & { readonly scrapeIntervalSeconds: number };

/** The Prometheus of --prometheus-file, or of --prometheus-url. Adds to `problems` what is wrong; no secret is shown. */
export async function loadPrometheus(
  { prometheusUrl, prometheusFile, scrapeSeconds }: OperatorFlags,
  problems: string[],
): Promise<PrometheusSettings | undefined> {
  const reader = new FlagReader();
  const scrapeIntervalSeconds = reader.seconds("--scrape-seconds", scrapeSeconds, { from: 1, to: 300 });
  const url = reader.url("--prometheus-url", prometheusUrl, ["http:", "https:"]);
  problems.push(...reader.problems);
  if (prometheusFile === undefined) return url === undefined ? undefined : { url, scrapeIntervalSeconds };
  if (prometheusUrl !== undefined)
    problems.push("--prometheus-file: does not go with --prometheus-url: it names the address");
  const read = await readYamlFile("--prometheus-file", prometheusFile, problems);
  if (read === undefined) return undefined;
  const parsed = parsePrometheus(read.document);
  if (parsed.kind === "prometheus") return { scrapeIntervalSeconds, ...parsed.prometheus };
  problems.push(...parsed.problems.map((problem) => `--prometheus-file ${prometheusFile}: ${problem}`));
  return undefined;
}
