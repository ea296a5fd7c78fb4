import { Counter, Gauge, Histogram, type Metric, Registry } from "prom-client";
import { createWorkerMetrics } from "../kit/src/worker/metrics.ts";
import { createGatewayMetrics } from "../src/gateway/metrics.ts";
import { createFleetMetrics } from "../src/kubernetes/fleet-metrics.ts";
import { createKubernetesMetrics } from "../src/kubernetes/metrics.ts";
import { createOperatorMetrics } from "../src/operator/metrics.ts";
import { createPoolMetrics } from "../src/processes/metrics.ts";
import { seriesBudget } from "./series-budget.ts";

/** docs/metrics.md, from the metrics that each component registers. */
export function metricsPage(): string {
  return `${[
    "<!-- Made from the components' metrics by `npm run generate`; changes here are lost. -->",
    "# Metrics",
    intro,
    "## Operator (port 9090)",
    operator,
    tableOf((registry) => {
      createOperatorMetrics(registry, { autoscalers: () => [], isLeader: () => true, cycleSeconds: 2 });
    }),
    "### On a cluster",
    tableOf((registry) => {
      createKubernetesMetrics(registry, {
        leaseTransitions: () => 0,
        openConnections: () => 0,
        rejected: () => 0,
      });
      createFleetMetrics(registry, () => []);
    }),
    "### With pools of local processes",
    tableOf((registry) => {
      createPoolMetrics(registry, () => []);
    }),
    "## Worker (port 9091)",
    worker,
    tableOf((registry) => {
      createWorkerMetrics({
        registry,
        broker: "",
        vhost: "",
        objectiveWaitSeconds: [],
        queues: [],
        now: () => 0,
        slots: () => 0,
        linkStates: () => ({}),
      });
    }),
    "## Gateway (port 8080)",
    tableOf((registry) => {
      createGatewayMetrics(registry);
    }),
    "## How many series",
    budget(),
  ].join("\n\n")}\n`;
}

const intro = `Each component answers \`/metrics\` in Prometheus' text format. The unit is the last word of the name, before \`_total\`: everything in time is in
seconds. A figure that is not known has no series: it is never told as 0. No metric has the id, the payload or the user of a job in a label.
Beside those listed here all three export Node's own: \`nodejs_*\` (event loop, heap, garbage collection) and \`process_*\` (CPU, memory, file descriptors).`;

const operator = `The label \`namespace\` is that of the autoscaler, not of the operator's pod: scrape with \`honor_labels: true\` (\`honorLabels\` of a ServiceMonitor),
else Prometheus renames it to \`exported_namespace\`. Series of autoscalers and queues come from the operator that leads, and from no other:
when the lease moves, they vanish from one operator and appear on the next, so aggregate with \`max by\` over what tells operators apart.

Series of queues have the labels \`broker\`, \`vhost\` and \`queue\`, as a queue may belong to several autoscalers. To get from one to the other:

\`\`\`promql
millrace_queue_messages_ready * on (broker, vhost, queue) group_right () millrace_autoscaler_queue_info
\`\`\`

The share of jobs that started too late, over any window, to be held against \`1 - millrace_objective_attainment_ratio\`:

\`\`\`promql
1 - sum by (namespace, autoscaler) (rate(millrace_jobs_started_in_time_total[1h]))
  / sum by (namespace, autoscaler) (rate(millrace_jobs_started_total[1h]))
\`\`\`

The totals of queues and jobs are the broker's and the workers' own, followed by the operator: they begin at 0 when it starts or begins to lead, and a broker
or a worker that starts anew takes nothing away from them. Those of a queue have no series while the broker does not tell them; then they go on from where they were.`;

const worker = `The labels \`broker\`, \`vhost\` and \`queue\` are everywhere. \`worker_job_wait_seconds\` needs the promised wait as a bucket edge, which is given to the workers as an
option: without it the operator cannot tell how many jobs were in time, and does not guess.

The buckets of \`worker_job_wait_seconds\` and \`worker_job_duration_seconds\` have exemplars: the last job of each, with its \`job_id\` and, where it was submitted with
a W3C trace context, its \`trace_id\`. They make no series, and come in OpenMetrics only, which a worker answers to a scraper that prefers it by its Accept header,
as Prometheus does; all others get Prometheus' text as before. Prometheus keeps them with \`--enable-feature=exemplar-storage\`. Operator and gateway have none.`;

const budget = (): string => {
  const { fixed, perAutoscaler, usualPerAutoscaler, perQueue, queuesPerAutoscaler } = seriesBudget;
  const example = fixed + 1_000 * usualPerAutoscaler + 1_000 * perQueue;
  return `What the operator exports is bounded, and a test counts it:

${markdownTable(
  ["of", "series at most"],
  [
    ["the operator itself, Node's own included", String(fixed)],
    [
      "an autoscaler",
      `${perAutoscaler}, with every reason of \`millrace_scale_events_total\` in both directions; usually under ${usualPerAutoscaler}`,
    ],
    [
      "a queue of an autoscaler",
      `${perQueue}; an autoscaler has at most ${queuesPerAutoscaler} queues, its patterns included`,
    ],
  ],
)}

1,000 autoscalers with one queue each are about ${example.toLocaleString("en-US")} series. The values of \`reason\`, \`limiting_factor\`, \`type\`, \`status\`, \`outcome\` and \`direction\` are fixed
lists; \`namespace\`, \`autoscaler\`, \`broker\`, \`vhost\` and \`queue\` are the names you gave. Series of an autoscaler that is deleted, or of a queue that
nobody names any more, are gone at the next scrape.`;
};

/** A table of what `register` registers, in its order. */
function tableOf(register: (registry: Registry) => void): string {
  const registry = new Registry();
  register(registry);
  const own = registeredIn(registry).filter(({ name }) => !isNodesOwn(name));
  return markdownTable(
    ["metric", "type", "unit", "labels", "meaning"],
    own.map((metric) => [
      `\`${metric.name}\``,
      typeOf(metric),
      unitOf(metric),
      metric.labelNames.map((label) => `\`${label}\``).join(", "),
      metric.help.replaceAll("|", "\\|"),
    ]),
  );
}

/** What the library keeps of each metric beside what its types tell. */
type Registered = Metric & {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
};

const isRegistered = (metric: Metric | undefined): metric is Registered =>
  metric !== undefined && "name" in metric && "help" in metric && "labelNames" in metric;

const registeredIn = (registry: Registry): readonly Registered[] =>
  registry
    .getMetricsAsArray()
    .map(({ name }) => registry.getSingleMetric(name))
    .filter((metric) => isRegistered(metric));

const isNodesOwn = (name: string): boolean => /^(nodejs|process)_/.test(name);

function typeOf(metric: Metric): string {
  if (metric instanceof Histogram) return "histogram";
  if (metric instanceof Counter) return "counter";
  if (metric instanceof Gauge) return "gauge";
  throw new Error("a metric of a type that the page does not know");
}

/** By the last word of the name, as Prometheus' conventions have it; a help that begins with 1 says what 1 means. */
function unitOf({ name, help }: Registered): string {
  if (help.startsWith("1 ")) return "0 or 1";
  const word =
    name
      .replace(/_total$/, "")
      .split("_")
      .at(-1) ?? "";
  const units: Readonly<Record<string, string>> = { seconds: "s", ratio: "0 to 1" };
  if (name.endsWith("_timestamp_seconds")) return "s since 1970";
  return name.endsWith("_per_second") ? "1/s" : (units[word] ?? "count");
}

const markdownTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
