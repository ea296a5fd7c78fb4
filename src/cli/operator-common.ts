import type { FlagReader } from "./flag-reader.ts";
import type { PrometheusSettings } from "./load-prometheus.ts";
import type { OperatorFlags } from "./operator-flags.ts";

/** What is the same wherever the operator takes its autoscalers from. */
export type CommonSettings = {
  readonly fastPath: boolean;
  readonly cycleSeconds: number;
  readonly listen: { readonly host: string; readonly port: number };
};

/** Notes each wrong flag in the reader. */
export function parseCommonFlags(reader: FlagReader, flags: OperatorFlags): CommonSettings {
  const cycleSeconds = reader.seconds("--cycle-seconds", flags.cycleSeconds, { from: 0.1, to: 60 });
  reader.logLevel(flags.logLevel);
  reader.problems.push(...missingSources(flags));
  return {
    fastPath: flags.fastPath,
    cycleSeconds,
    listen: reader.address("--listen", flags.listen),
  };
}

function missingSources(flags: OperatorFlags): string[] {
  const { amqpUrl, brokersFile, prometheusUrl, prometheusFile, fastPath } = flags;
  const problems: string[] = [];
  const hasPrometheus = prometheusUrl !== undefined || prometheusFile !== undefined;
  if (amqpUrl === undefined && brokersFile === undefined && !hasPrometheus) {
    problems.push(
      "--amqp-url, --brokers-file, --prometheus-url, --prometheus-file: at least one is required (or AMQP_URL, MILLRACE_BROKERS_FILE, PROMETHEUS_URL, MILLRACE_PROMETHEUS_FILE)",
    );
  }
  if (!fastPath && !hasPrometheus)
    problems.push("--no-fast-path: needs --prometheus-url or --prometheus-file");
  return problems;
}

const leastStaleSeconds = 30;

/** Samples count as unknown after three scrapes. */
export const staleAfterSeconds = (prometheus: PrometheusSettings | undefined): number =>
  Math.max(leastStaleSeconds, 3 * (prometheus?.scrapeIntervalSeconds ?? 0));
