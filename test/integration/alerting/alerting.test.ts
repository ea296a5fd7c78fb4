import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "amqplib";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createFaultProxy, type FaultProxy } from "../../../embedded/fault-proxy.ts";
import { createRunScope, type RunScope } from "../../../embedded/run-scope.ts";
import { type Client, createClient } from "../../../kit/src/client/client.ts";
import { sleepContract } from "../../../src/jobs/sleep-contract.ts";
import { type FreshVhost, freshVhost } from "../../support/fresh-vhost.ts";
import {
  type AlertingStage,
  resourcesFile,
  resourcesOf,
  startAlertingStage,
  TOGETHER,
  type Watched,
} from "./alerting-stage.ts";
import { lateHistory } from "./late-history.ts";
import type { ChatMessage, Notification } from "./notification-receiver.ts";

const BACKLOG_JOBS = 100;
const JOB_SECONDS = 0.2;
const WAIT_SECONDS = 2;

/** Awaited are events, on a machine that may be busy. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** 250 characters that mean something to PromQL, templates, HTML, Slack, addresses and paths. */
const ODD_QUEUE =
  String.raw`x"} or vector(1) # {{ $value }} <img src=x onerror=alert(1)> <!channel> \ / ? & = % + ö 🐇 `.padEnd(
    250,
    "q",
  );

declare module "vitest" {
  export interface TaskMeta {
    /** From the breach to the webhook, by alert: for the table of scripts/observability-table.ts and for docs/alerts.md. */
    secondsToWebhook?: Readonly<Record<string, number>>;
  }
}

const STUCK_QUEUE = "jobs.stuck";
/** Nobody declares it. */
const MISSING_QUEUE = "jobs.missing";

/** What calls a person about a backlog at the maximum, in the words of each alert. */
const saidOfTheBacklog: Readonly<Record<string, RegExp>> = {
  MillraceBacklogWaitCritical:
    /^Queue jobs\.sleep \(default\/orders\): a job that is published now waits about (\d+[dhm] )*[\d.]+s, more than five times what is promised\.$/,
  MillraceBacklogGrowingAtMax:
    /^Queue jobs\.sleep \(default\/orders\) grows by [\d.]+ jobs\/s, jobs wait longer than promised, and replicas\.max is reached\.$/,
  MillraceWaitBudgetBurnFast:
    /^Queue jobs\.sleep \(default\/orders\): [\d.]+% of the last hour's jobs started late, and it goes on\.$/,
  MillraceWaitBudgetBurn:
    /^Queue jobs\.sleep \(default\/orders\): [\d.]+% of the last six hours' jobs started late, and it goes on\.$/,
};

let scope: RunScope;
let vhost: FreshVhost;
let noBroker: FaultProxy;
let client: Client;
let stage: AlertingStage;
/** What is wrong from the start is wrong since then: an operator finds no broker, and all of them lead. */
let startedMs: number;

const orders = (max: number): Watched => ({
  name: "orders",
  queue: "jobs.sleep",
  vhost: vhost.vhost,
  spec: { objective: { waitSeconds: WAIT_SECONDS }, replicas: { min: 1, max }, slotsPerReplica: 1 },
  command: [
    "node",
    new URL("../../../bin/millrace.mjs", import.meta.url).pathname,
    "worker",
    "--builtin",
    "sleep",
    "--concurrency",
    "1",
    "--objective-wait-seconds",
    String(WAIT_SECONDS),
  ],
  env: { AMQP_URL: vhost.amqpUrl(), LOG_LEVEL: "warn" },
});

/** Nobody consumes: the operator only says what it would do. */
const watchedOnly = (name: string, queue: string): Watched => ({
  ...orders(1),
  name,
  queue,
  spec: { ...orders(1).spec, replicas: { min: 0, max: 1 }, mode: "DryRun" },
});

beforeAll(async () => {
  [scope, vhost] = await Promise.all([createRunScope(), freshVhost()]);
  noBroker = createFaultProxy({ host: vhost.host, port: vhost.amqpPort });
  noBroker.mode("refuse");
  await noBroker.start();
  client = createClient({ amqpUrl: vhost.amqpUrl(), jobs: [sleepContract] });
  await client.start();
  await vhost.manage("PUT", `queues/{vhost}/${encodeURIComponent(ODD_QUEUE)}`, { durable: true });
  const historyFile = join(scope.directory, "history.txt");
  const burnt = { namespace: "default", autoscaler: "orders", broker: "default", queue: "jobs.sleep" };
  const nowSeconds = Math.floor(Date.now() / 1_000);
  await writeFile(historyFile, lateHistory({ ...burnt, vhost: vhost.vhost }, nowSeconds - 60));
  startedMs = Date.now();
  const plans = [
    {
      name: "blind",
      brokerUrl: vhost.amqpUrl({ proxyPort: noBroker.port() }),
      resources: [resourcesOf(watchedOnly("unseen", "jobs.unseen"))],
    },
    {
      name: "statistics",
      brokerUrl: vhost.amqpUrl(),
      managementUrl: vhost.managementUrl,
      resources: [
        resourcesOf(watchedOnly("stuck", STUCK_QUEUE)),
        resourcesOf(watchedOnly("missing", MISSING_QUEUE)),
      ],
    },
    {
      name: "operator",
      brokerUrl: vhost.amqpUrl(),
      resources: [resourcesOf(orders(1)), resourcesOf(watchedOnly("odd-names", ODD_QUEUE))],
    },
  ];
  stage = await startAlertingStage(scope, plans, historyFile);
});
afterAll(async () => {
  await stage.stop();
  await client.stop();
  await noBroker.stop();
  await vhost.remove();
  await scope.stop();
});

const about =
  (status: "firing" | "resolved", alertname: string, more: Readonly<Record<string, string>> = {}) =>
  (notification: Notification): boolean =>
    notification.alerts.some(
      (alert) =>
        alert.status === status &&
        Object.entries({ alertname, ...more }).every(([label, value]) => alert.labels[label] === value),
    );

const alertOf = ({ alerts }: Notification, name: string) =>
  alerts.find(({ labels }) => labels["alertname"] === name);

const publishByHand = (queue: string) =>
  vhost.manage("POST", "exchanges/{vhost}/amq.default/publish", {
    routing_key: queue,
    properties: {},
    payload: "{}",
    payload_encoding: "string",
  });

/** A backlog at once, and twice as many jobs as one replica does until it is told to stop. */
const submitTooMany = async (signal: AbortSignal): Promise<void> => {
  const submit = (count: number) =>
    Promise.all(
      Array.from({ length: count }, () =>
        client.submit(sleepContract, { seconds: JOB_SECONDS }, { deadlineSeconds: 60 }),
      ),
    );
  await submit(BACKLOG_JOBS);
  while (!signal.aborted) {
    await submit(2);
    await delay(JOB_SECONDS * 1_000);
  }
};

test("a backlog that the allowed maximum cannot clear calls a person, and the end of it is told too", async ({
  task,
}) => {
  const { receiver, operators } = stage;
  const aboutTheQueue = (status: "firing" | "resolved", name: string) =>
    receiver.notification(about(status, name, { queue: "jobs.sleep" }));
  await operators["operator"]?.line(({ msg }) => msg === "scaled workers");
  const publishedMs = Date.now();
  const enough = new AbortController();
  const submitted = submitTooMany(enough.signal);

  const calls = Object.fromEntries(
    await Promise.all(
      Object.keys(saidOfTheBacklog).map(async (name) => [name, await aboutTheQueue("firing", name)] as const),
    ),
  );
  enough.abort();
  await submitted;
  task.meta.secondsToWebhook = Object.fromEntries(
    Object.entries(calls).map(([name, { atMs }]) => [name, (atMs - publishedMs) / 1_000]),
  );
  for (const [name, said] of Object.entries(saidOfTheBacklog)) {
    expect(calls[name] && alertOf(calls[name], name)?.annotations["description"]).toMatch(said);
  }
  const alert =
    calls["MillraceBacklogWaitCritical"] &&
    alertOf(calls["MillraceBacklogWaitCritical"], "MillraceBacklogWaitCritical");
  expect(alert?.labels).toMatchObject({
    severity: "critical",
    namespace: "default",
    autoscaler: "orders",
    vhost: vhost.vhost,
  });
  expect(alert?.annotations["runbook_url"]).toBe("docs/runbooks/MillraceBacklogWaitCritical.md");
  // The lesser alert about the same queue fires too, perhaps a moment sooner; then it is silenced.
  await receiver.chatMessage((message) => {
    const text = textOf(message);
    return text.includes("(default/orders)") && text.includes("*critical*") && !text.includes("*warning*");
  });

  await writeFile(
    resourcesFile(scope, "operator"),
    [resourcesOf(orders(4)), resourcesOf(watchedOnly("odd-names", ODD_QUEUE))].join("---\n"),
  );
  await aboutTheQueue("resolved", "MillraceBacklogWaitCritical");
});

test("a queue with any name stays what it is: in labels, links, the chat and the mail", async ({ task }) => {
  const { receiver, mails } = stage;
  const publishedMs = Date.now();
  await publishByHand(ODD_QUEUE);

  const called = await receiver.notification(about("firing", "MillraceQueueHasNoConsumers"));
  task.meta.secondsToWebhook = { MillraceQueueHasNoConsumers: (called.atMs - publishedMs) / 1_000 };
  const alert = alertOf(called, "MillraceQueueHasNoConsumers");
  expect(alert?.labels).toMatchObject({ namespace: "default", autoscaler: "odd-names", queue: ODD_QUEUE });
  expect(alert?.annotations["description"]).toBe(
    `Queue ${ODD_QUEUE} (default/odd-names): 1 jobs wait and no consumer is attached.`,
  );
  const link = new URL(alert?.annotations["dashboard_url"] ?? "", "http://grafana.example.com");
  expect(link.pathname).toBe("/d/millrace-autoscaler");
  expect(Object.fromEntries(link.searchParams)).toEqual({
    "var-namespace": "default",
    "var-autoscaler": "odd-names",
    "var-queue": ODD_QUEUE,
  });

  const isOdd = (words: string): boolean => words.includes("odd-names");
  const chat = textOf(await receiver.chatMessage((message) => isOdd(textOf(message))));
  expect(chat).toContain("{{ $value }} &lt;img src=x onerror=alert(1)&gt; &lt;!channel&gt; \\ / ? &amp; =");
  expect(chat).not.toMatch(/<[i!]/);

  const page = htmlOf((await mails.mailWith(isOdd)).source);
  expect(page).toContain("&lt;img src=x onerror=alert(1)&gt;");
  expect(page).not.toMatch(/<img src=x/);
});

test("a queue whose consumers are there and end nothing calls a person", async ({ task }) => {
  const connection = await connect(vhost.amqpUrl());
  const channel = await connection.createChannel();
  await channel.assertQueue(STUCK_QUEUE, { arguments: { "x-single-active-consumer": true } });
  await channel.prefetch(1);
  // The active one keeps its first job forever, and the other one is idle.
  for (const _ of ["active", "idle"]) await channel.consume(STUCK_QUEUE, () => {});
  const publishedMs = Date.now();
  for (const job of ["1", "2", "3"]) channel.sendToQueue(STUCK_QUEUE, Buffer.from(job));

  const called = await stage.receiver.notification(
    about("firing", "MillraceQueueStalled", { queue: STUCK_QUEUE }),
  );
  task.meta.secondsToWebhook = { MillraceQueueStalled: (called.atMs - publishedMs) / 1_000 };
  expect(alertOf(called, "MillraceQueueStalled")?.annotations["description"]).toBe(
    "Queue jobs.stuck (default/stuck): 2 jobs wait, consumers are attached, and no job ends.",
  );
  await connection.close();
});

test("a queue that is missing is told to the chat", async () => {
  const told = await stage.receiver.chatMessage((message) =>
    textOf(message).includes("default/missing does not"),
  );
  expect(textOf(told)).toContain("*warning* MillraceSignalsUnknown");
});

test("operators that lead together call a person", async ({ task }) => {
  const called = await stage.receiver.notification(
    about("firing", "MillraceOperatorNoLeader", { job: TOGETHER }),
  );
  task.meta.secondsToWebhook = { MillraceOperatorNoLeader: (called.atMs - startedMs) / 1_000 };
  expect(alertOf(called, "MillraceOperatorNoLeader")?.annotations["description"]).toMatch(
    /^[23] operators \(together\) lead; it must be one\.$/,
  );
});

test("an operator that cannot read its broker calls a person, and so does none at all", async ({ task }) => {
  const { receiver, operators } = stage;
  const blind = await receiver.notification(about("firing", "MillraceBrokerPollStale", { job: "blind" }));
  expect(alertOf(blind, "MillraceBrokerPollStale")?.annotations["description"]).toMatch(
    /^The operator \(blind\) has not been able to read a broker for (\d+[dhm] )*[\d.]+s: it is blind\.$/,
  );

  const goneMs = Date.now();
  await Promise.all(Object.values(operators).map((operator) => operator.end("SIGKILL")));
  const called = await receiver.notification(
    (notification) => notification.atMs >= goneMs && about("firing", "MillraceOperatorDown")(notification),
  );
  // The operator whose queue is missing reads its broker.
  const calls = receiver.notifications.flatMap(({ alerts }) => alerts.map(({ labels }) => labels));
  const stale = calls.filter((labels) => labels["alertname"] === "MillraceBrokerPollStale");
  expect(new Set(stale.map((labels) => labels["job"]))).toEqual(new Set(["blind"]));
  task.meta.secondsToWebhook = {
    MillraceBrokerPollStale: (blind.atMs - startedMs) / 1_000,
    MillraceOperatorDown: (called.atMs - goneMs) / 1_000,
  };
});

function textOf({ attachments }: ChatMessage): string {
  return attachments.map(({ text }) => text).join("");
}

/** The text of a mail's HTML part, which is quoted-printable. */
function htmlOf(source: string): string {
  const part = source.slice(source.search(/content-type: text\/html/i));
  const unfolded = part.replaceAll(/=\r?\n/g, "");
  return Buffer.from(
    unfolded.replaceAll(/=([0-9A-F]{2})/g, (_whole, hex: string) =>
      String.fromCodePoint(Number.parseInt(hex, 16)),
    ),
    "latin1",
  ).toString("utf8");
}
