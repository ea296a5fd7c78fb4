import { afterAll, beforeAll, expect, test } from "vitest";
import { type Alertmanager, createAlertmanager } from "../../../embedded/alertmanager.ts";
import { createRunScope, type RunScope } from "../../../embedded/run-scope.ts";
import { exampleConfig } from "./example-config.ts";

let scope: RunScope;
let alertmanager: Alertmanager;

beforeAll(async () => {
  scope = await createRunScope();
  const nowhere = { onCall: "http://127.0.0.1:9/", chat: "http://127.0.0.1:9/", smarthost: "127.0.0.1:9" };
  alertmanager = await createAlertmanager(scope, { config: exampleConfig(nowhere) });
  await alertmanager.start();
});
afterAll(() => scope.stop());

type Labels = Readonly<Record<string, string>>;
type Shown = { readonly labels: Labels; readonly status: { readonly inhibitedBy: readonly string[] } };

const queue = {
  namespace: "shop",
  autoscaler: "orders",
  broker: "default",
  vhost: "/",
  queue: "jobs.orders",
};
const backlog = { alertname: "MillraceBacklogWaitHigh", severity: "warning" };
const critical = { alertname: "MillraceBacklogWaitCritical", severity: "critical" };
const nameOf = ({ namespace, alertname }: Labels): string => `${namespace}/${alertname}`;

/** Whether Alertmanager silences `alert` while `other` fires. */
const isSilenced = async (alert: Labels, { by: other }: { by: Labels }): Promise<boolean> => {
  // Alerts of earlier questions stay: this one's are told apart by a label that no rule looks at.
  const question = crypto.randomUUID();
  // Alertmanager takes them in after it has answered, in this order: once the last pair is silenced, it knows the first.
  const last = { ...queue, namespace: "last" };
  const told = [alert, other, { ...backlog, ...last }, { ...critical, ...last }].map((labels) => ({
    labels: { ...labels, question },
  }));
  const api = `${alertmanager.url()}/api/v2/alerts`;
  const headers = { "content-type": "application/json" };
  const posted = await fetch(api, { method: "POST", headers, body: JSON.stringify(told) });
  expect(posted.status).toBe(200);
  const silenced = async (): Promise<readonly string[]> => {
    const shown = (await (await fetch(`${api}?filter=question="${question}"`)).json()) as readonly Shown[];
    expect(shown).toHaveLength(told.length);
    return shown.filter(({ status }) => status.inhibitedBy.length > 0).map(({ labels }) => nameOf(labels));
  };
  await expect.poll(silenced).toContain(nameOf({ ...backlog, ...last }));
  return (await silenced()).includes(nameOf(alert));
};

test("a critical alert silences the warning about the same queue", async () => {
  expect(await isSilenced({ ...backlog, ...queue }, { by: { ...critical, ...queue } })).toBe(true);
});

test.each([
  ["queue", "jobs.mail"],
  ["vhost", "other"],
  ["broker", "other"],
  ["autoscaler", "other"],
  ["namespace", "other"],
])("a critical alert about another %s silences nothing", async (label, value) => {
  const stalled = { alertname: "MillraceQueueStalled", severity: "critical" };
  const where = { ...queue, namespace: `of-${label}` };
  const by = { ...stalled, ...where, [label]: value };
  expect(await isSilenced({ ...backlog, ...where }, { by })).toBe(false);
});

test("a critical alert about the operator silences no warning of the operator", async () => {
  const operator = { namespace: "millrace", job: "operator" };
  const blind = { alertname: "MillraceBrokerPollStale", severity: "critical", ...operator };
  const old = { alertname: "MillraceWorkerMetricsStale", severity: "warning", ...operator };
  expect(await isSilenced(old, { by: blind })).toBe(false);
});

test("two critical alerts about one queue are both told", async () => {
  const stalled = { alertname: "MillraceQueueStalled", severity: "critical", ...queue };
  const late = { ...critical, ...queue };
  expect(await isSilenced(stalled, { by: late })).toBe(false);
});
