import { readFileSync } from "node:fs";
import { parse } from "yaml";

type RuleFile = {
  readonly groups: readonly {
    readonly name: string;
    readonly rules: readonly {
      readonly alert: string;
      readonly for: string;
      readonly labels: { readonly severity: string };
      readonly annotations: { readonly summary: string };
    }[];
  }[];
};

const titles: Readonly<Record<string, string>> = {
  "millrace.backlog.alerts": "Queues and the promise",
  "millrace.jobs.alerts": "Jobs",
  "millrace.autoscaler.alerts": "Autoscalers and replicas",
  "millrace.operator.alerts": "The operator",
};

const opening = `<!-- Made from manifests/rules by \`npm run generate\`; changes here are lost. -->

# Alerts

The rules are plain files, \`manifests/rules/*.yaml\`, for any Prometheus from 2.42 on; both are needed. With the Prometheus Operator the chart makes them a
PrometheusRule: \`--set rules.enabled=true --set rules.labels.release=NAME_OF_KUBE_PROMETHEUS_STACK\`. Neither kube-state-metrics nor RabbitMQ's own Prometheus
plugin is needed. Scrape the operator with \`honor_labels: true\` (the chart's monitors do).

Limits are not in the rules but in each WorkerAutoscaler: \`objective.waitSeconds\`, \`attainmentRatio\`, \`serviceSeconds\` and \`ackTimeoutSeconds\` are exported, and the
rules compare with those series. Without \`serviceSeconds\` there is no MillraceJobDurationHigh, without \`ackTimeoutSeconds\` no MillraceJobStuck.

Silent by design: an empty queue at zero replicas, a deploy, a cold start of up to 5 minutes, whatever is paused, and long jobs that merely run.

In the chart each alert can be changed by its name: \`rules.alerts.MillraceQueueStalled: { for: 20m, severity: warning, labels: { team: shop } }\`, or
\`{ enabled: false }\`. \`rules.runbookBaseUrl\` and \`rules.grafanaUrl\` stand before the paths in the annotations \`runbook_url\` and \`dashboard_url\`.

Labels of every alert: \`severity\`; of queues \`namespace\`, \`autoscaler\`, \`broker\`, \`vhost\`, \`queue\`; of autoscalers \`namespace\`, \`autoscaler\`; of the operator
\`namespace\` and \`job\` of its target. In Alertmanager, inhibit by \`namespace\`, \`autoscaler\` and \`queue\` together: a critical alert about one queue says nothing of another.

If Prometheus itself is away, nothing here can tell. Have an alert that always fires sent to something outside that misses it (a dead man's switch), such as
the Watchdog of kube-prometheus-stack.
`;

/** docs/alerts.md. */
export function alertsPage(): string {
  const file = new URL("../manifests/rules/alerts.yaml", import.meta.url);
  const { groups } = parse(readFileSync(file, "utf8")) as RuleFile;
  const sections = groups.map(({ name, rules }) =>
    [
      `## ${titles[name] ?? name}\n`,
      "| alert | severity | for | |",
      "|---|---|---|---|",
      ...rules.map(
        ({ alert, labels, annotations, ...rule }) =>
          `| [${alert}](runbooks/${alert}.md) | ${labels.severity} | ${rule.for} | ${annotations.summary} |`,
      ),
      "",
    ].join("\n"),
  );
  return [opening, ...sections].join("\n");
}
