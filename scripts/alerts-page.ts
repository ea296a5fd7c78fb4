import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { longestSecondsToAlert, type RuleGroup } from "./time-to-alert.ts";

type AlertGroup = {
  readonly name: string;
  readonly interval: string;
  readonly rules: readonly {
    readonly alert: string;
    readonly expr: string;
    readonly for: string;
    readonly labels: { readonly severity: string };
    readonly annotations: { readonly summary: string };
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
plugin is needed, and so nothing here watches the broker's own memory and disk alarms: RabbitMQ's operator and plugin bring alerts for them.
Scrape the operator with \`honor_labels: true\` (the chart's monitors do).

Limits are not in the rules but in each WorkerAutoscaler: \`objective.waitSeconds\`, \`attainmentRatio\`, \`serviceSeconds\` and \`ackTimeoutSeconds\` are exported, and the
rules compare with those series. Without \`serviceSeconds\` there is no MillraceJobDurationHigh; it may be up to 12 hours, beyond which the workers' histogram tells no
durations apart. Without \`ackTimeoutSeconds\` MillraceJobStuck goes by RabbitMQ's default of 30 minutes: give it where the broker's \`consumer_timeout\` is another.

Silent by design: an empty queue at zero replicas, a deploy, a cold start of up to 5 minutes, and long jobs that merely run. Paused, an autoscaler raises nothing
about waits, backlogs, replicas, scaling and its promise; of its jobs and workers the alerts still tell what runs long, fails, is delivered again or crashes.

An alert goes on for 5 minutes after its expression has become false, so that an upgrade of the operator neither ends it nor begins it anew.

Two operators in one Prometheus are told apart by the label \`namespace\` of their targets: the chart asks for its own in MillraceOperatorDown, so scrape with it (the
chart's monitors and stack do). The plain files ask whether any operator answers: with several, write one such rule for each. A worker that two jobs scrape counts
once, by \`instance\`.

**Several clusters in one Prometheus, Mimir or Thanos: evaluate the rules in each cluster, or for each (a tenant each), not over all of them.** No rule keeps the label
\`cluster\`: autoscalers of the same namespace and name in two clusters would be taken for one, and the larger figure would hide the other's. \`rules.alertLabels\` adds
\`cluster\` to the alerts.

In the chart each alert can be changed by its name: \`rules.alerts.MillraceQueueStalled: { for: 20m, severity: warning, labels: { team: shop } }\`, or
\`{ enabled: false }\`. \`rules.runbookBaseUrl\` and \`rules.grafanaUrl\` stand before the paths in the annotations \`runbook_url\` and \`dashboard_url\`.

Labels of every alert: \`severity\`; of queues \`namespace\`, \`autoscaler\`, \`broker\`, \`vhost\`, \`queue\`; of autoscalers \`namespace\`, \`autoscaler\`; of the operator
\`namespace\` and \`job\` of its target. Names are encoded in the links, whatever characters they have.

## Telling people

\`manifests/alertmanager/alertmanager.yaml\` is an example for any Alertmanager from 0.25 on: critical alerts call a person (a webhook), critical ones and warnings come
to a chat (Slack), all of them as mail. One notification is about one queue. A critical alert silences the lesser ones about the same queue and about no other:
\`equal\` names \`namespace\`, \`autoscaler\`, \`broker\`, \`vhost\` and \`queue\`. Inhibition by \`namespace\` alone would let a critical alert about one queue silence the warning about another. (The rule that kube-prometheus-stack brings,
by \`namespace\` and \`alertname\`, silences none of these: each name stands for one severity.)

With the Prometheus Operator the chart makes an AlertmanagerConfig of the same routes, with receivers from Secrets that are there already:

\`\`\`sh
helm upgrade millrace charts/millrace --namespace millrace --reuse-values --set alertmanagerConfig.enabled=true \\
  --set alertmanagerConfig.onCall.existingSecret=pager --set 'alertmanagerConfig.namespaces={millrace,shop}'
\`\`\`

An Alertmanager gives an AlertmanagerConfig only alerts whose label \`namespace\` is that of the AlertmanagerConfig, unless its \`alertmanagerConfigMatcherStrategy\` is
\`{ type: None }\`. Alerts about queues have the namespace of the WorkerAutoscaler and those about the operator that of the operator, so name all of these in
\`alertmanagerConfig.namespaces\`, with the Secrets in each. An Alertmanager also selects AlertmanagerConfigs by label (\`alertmanagerConfig.labels\`). Under
kube-prometheus-stack, what no route takes goes to its receiver \`null\`: the alert fires, and nobody is told.

If Prometheus or Alertmanager is away, nothing here can tell. Have an alert that always fires sent to something outside that misses it (a dead man's switch): in
the chart's own stack that is \`stack.alertmanager.heartbeat\` ([stack.md](stack.md#whom-it-tells)), with kube-prometheus-stack its Watchdog.
`;

/** When the condition of an alert that calls a person is true, beginning with the breach. */
const conditions: Readonly<Record<string, string>> = {
  MillraceBacklogWaitCritical: "at once: what waits is divided by what left in the last 5 minutes",
  MillraceWaitBudgetBurnFast:
    "when the share of an hour is late: with 0.95 promised, after 43 minutes in which all jobs are late; after 15 at the earliest, where few came before",
  MillraceWaitBudgetBurn:
    "when the share of six hours is late: with 0.95 promised, after 108 minutes in which all jobs are late; after an hour at the earliest, where few came before",
  MillraceBacklogGrowingAtMax:
    "when the trend of 15 minutes is upward, the maximum is reached, and jobs wait longer than promised",
  MillraceQueueStalled: "10 minutes after the last job ended, later where jobs are known to be long",
  MillraceQueueHasNoConsumers: "at once",
  MillraceBrokerPollStale: "after ten cycles without an answer, 30 s at least",
  MillraceOperatorDown: "at the first scrape that fails",
  MillraceOperatorNoLeader: "at once",
};

/** By test/integration/alerting, on two cores that other work shared: from the breach to the webhook. */
const measured: Readonly<Record<string, string>> = {
  MillraceBacklogWaitCritical: "8.2 to 12 s, as jobs must have ended at two scrapes",
  MillraceWaitBudgetBurnFast: "8.9 to 11 s, on a queue that was late for two hours before",
  MillraceWaitBudgetBurn: "9.9 to 11 s, on the same",
  MillraceBacklogGrowingAtMax: "8.9 to 16 s",
  MillraceQueueStalled: "4.8 to 18 s, on a queue in which no job had ended before",
  MillraceQueueHasNoConsumers: "2.6 to 17 s",
  MillraceBrokerPollStale: "35 to 51 s, 30 s of them the condition's",
  MillraceOperatorDown: "1.5 to 3.0 s",
  MillraceOperatorNoLeader: "13 to 21 s, from before the operators, Prometheus and Alertmanager start",
};

/** The chart's and the example's own. */
const before = { lookSeconds: 2, scrapeSeconds: 5, groupWaitSeconds: 10 };

const timeIntro = `## Time to alert

From the breach until Alertmanager calls, for the alerts that call a person. "At most" begins when the condition is true and is what the way takes when everything has
just missed its turn: the operator's look (${before.lookSeconds} s), the scrape (${before.scrapeSeconds} s), the evaluation of what is recorded and of the alert (each group's interval), \`for\`, and
Alertmanager's \`group_wait\` (${before.groupWaitSeconds} s). "Measured" is from the breach itself to the webhook, on real parts (RabbitMQ, operator, Prometheus 2.42, Alertmanager 0.25), with the
same expressions and a look of 0.5 s, and 1 s for the scrape, the intervals, \`for\` and \`group_wait\`: least and most of five to ten runs on two cores of x86-64, the most with other test runs beside it (load average up to 60),
2026-11-21. \`npm run test:observability\` measures it anew.
`;

function timeTable(groups: readonly RuleGroup[], alerts: readonly AlertGroup["rules"][number][]): string {
  const rows = alerts
    .filter(({ labels }) => labels.severity === "critical")
    .map(({ alert, ...rule }) => {
      const condition = conditions[alert];
      const took = measured[alert];
      if (condition === undefined) throw new Error(`alerts-page.ts: when is the condition of ${alert} true?`);
      if (took === undefined) throw new Error(`alerts-page.ts: how long did ${alert} take?`);
      const most = minutesAndSeconds(longestSecondsToAlert(groups, alert, before));
      return `| ${alert} | ${condition} | ${rule.for} | ${most} | ${took} |`;
    });
  const head = "| alert | condition true | for | at most after that | measured, short durations |";
  return [timeIntro, head, "|---|---|---|---|---|", ...rows, ""].join("\n");
}

const minutesAndSeconds = (seconds: number): string => `${Math.floor(seconds / 60)} min ${seconds % 60} s`;

/** docs/alerts.md. */
export function alertsPage(): string {
  const { groups } = ruleFile("alerts") as { readonly groups: readonly AlertGroup[] };
  const { groups: recording } = ruleFile("recording") as { readonly groups: readonly RuleGroup[] };
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
  const alerts = groups.flatMap(({ rules }) => rules);
  const time = timeTable([...recording, ...groups], alerts);
  return [opening, ...sections, time].join("\n");
}

function ruleFile(name: string): unknown {
  return parse(readFileSync(new URL(`../manifests/rules/${name}.yaml`, import.meta.url), "utf8"));
}
