import { writeFile } from "node:fs/promises";
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
  type Watched,
} from "./alerting-stage.ts";
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

let scope: RunScope;
let vhost: FreshVhost;
let noBroker: FaultProxy;
let client: Client;
let stage: AlertingStage;
/** The operator that finds no broker was started then. */
let blindSinceMs: number;

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
  blindSinceMs = Date.now();
  stage = await startAlertingStage(scope, [
    {
      name: "blind",
      brokerUrl: vhost.amqpUrl({ proxyPort: noBroker.port() }),
      resources: [resourcesOf(watchedOnly("unseen", "jobs.unseen"))],
    },
    {
      name: "statistics",
      brokerUrl: vhost.amqpUrl(),
      managementUrl: vhost.managementUrl,
      resources: [resourcesOf(watchedOnly("stuck", STUCK_QUEUE))],
    },
    {
      name: "operator",
      brokerUrl: vhost.amqpUrl(),
      resources: [resourcesOf(orders(1)), resourcesOf(watchedOnly("odd-names", ODD_QUEUE))],
    },
  ]);
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

test("a backlog that the allowed maximum cannot clear calls a person, and the end of it is told too", async ({
  task,
}) => {
  const { receiver, operators } = stage;
  await operators["operator"]?.line(({ msg }) => msg === "scaled workers");
  const publishedMs = Date.now();
  await Promise.all(
    Array.from({ length: BACKLOG_JOBS }, () => client.submit(sleepContract, { seconds: JOB_SECONDS })),
  );

  const called = await receiver.notification(
    about("firing", "MillraceBacklogWaitCritical", { queue: "jobs.sleep" }),
  );
  const alert = alertOf(called, "MillraceBacklogWaitCritical");
  task.meta.secondsToWebhook = { MillraceBacklogWaitCritical: (called.atMs - publishedMs) / 1_000 };
  expect(alert?.labels).toMatchObject({
    severity: "critical",
    namespace: "default",
    autoscaler: "orders",
    vhost: vhost.vhost,
  });
  expect(alert?.annotations["description"]).toMatch(
    /^Queue jobs\.sleep \(default\/orders\): a job that is published now waits about (\d+[hms] ?)+[\d.]*s?, more than five times what is promised\.$/,
  );
  expect(alert?.annotations["runbook_url"]).toBe("docs/runbooks/MillraceBacklogWaitCritical.md");
  // The lesser alert about the same queue fires too, and is silenced.
  const chat = await receiver.chatMessage((message) => textOf(message).includes("(default/orders)"));
  expect(textOf(chat)).toContain("*critical*");
  expect(textOf(chat)).not.toContain("*warning*");

  await writeFile(
    resourcesFile(scope, "operator"),
    [resourcesOf(orders(4)), resourcesOf(watchedOnly("odd-names", ODD_QUEUE))].join("---\n"),
  );
  await receiver.notification(about("resolved", "MillraceBacklogWaitCritical", { queue: "jobs.sleep" }));
});

test("a queue with any name stays what it is: in labels, links, the chat and the mail", async ({ task }) => {
  const { receiver, mails } = stage;
  await vhost.manage("PUT", `queues/{vhost}/${encodeURIComponent(ODD_QUEUE)}`, { durable: true });
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

test("an operator that cannot read its broker calls a person, and so does none at all", async ({ task }) => {
  const { receiver, operators } = stage;
  const blind = await receiver.notification(about("firing", "MillraceBrokerPollStale", { job: "blind" }));
  expect(alertOf(blind, "MillraceBrokerPollStale")?.annotations["description"]).toMatch(
    /^The operator \(blind\) has not read its brokers without a problem for [\d.]+s: it is blind\.$/,
  );

  const goneMs = Date.now();
  await Promise.all(Object.values(operators).map((operator) => operator.end("SIGKILL")));
  const called = await receiver.notification(
    (notification) => notification.atMs >= goneMs && about("firing", "MillraceOperatorDown")(notification),
  );
  task.meta.secondsToWebhook = {
    MillraceBrokerPollStale: (blind.atMs - blindSinceMs) / 1_000,
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
