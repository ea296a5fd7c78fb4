import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { createOperatorMetrics } from "./metrics.ts";

function setup() {
  const registry = new Registry();
  const operator = { isLeader: true };
  const metrics = createOperatorMetrics(registry, {
    autoscalers: () => [],
    isLeader: () => operator.isLeader,
    cycleSeconds: 2,
    version: "1.2.3",
  });
  const lines = async (prefix: string): Promise<readonly string[]> =>
    (await registry.metrics()).split("\n").filter((line) => line.startsWith(prefix));
  return { operator, metrics, lines };
}
const brokerTime = "millrace_broker_last_success_timestamp_seconds";

test("a source that nobody asks has no time of its last success", async () => {
  const { metrics, lines } = setup();
  metrics.sourceRead("workers", { seconds: 0.1, nowMs: 5_000 });
  expect(await lines(brokerTime)).toEqual([]);
  expect(await lines("millrace_workers_last_success")).toEqual([
    "millrace_workers_last_success_timestamp_seconds 5",
  ]);
});

test("the time stands still while a source fails, and counts from the first question when it never came", async () => {
  const { metrics, lines } = setup();
  metrics.sourceRead("broker", { seconds: 1, failure: "unanswered", nowMs: 10_000 });
  metrics.sourceRead("broker", { seconds: 1, failure: "incomplete", nowMs: 12_000 });
  expect(await lines(brokerTime)).toEqual([`${brokerTime} 10`]);
  metrics.sourceRead("broker", { seconds: 1, nowMs: 14_000 });
  metrics.sourceRead("broker", { seconds: 1, failure: "unanswered", nowMs: 16_000 });
  expect(await lines(brokerTime)).toEqual([`${brokerTime} 14`]);
  expect(await lines("millrace_broker_poll_errors_total")).toEqual([
    'millrace_broker_poll_errors_total{reason="unanswered"} 2',
    'millrace_broker_poll_errors_total{reason="incomplete"} 1',
  ]);
});

test("a follower tells that it is one, and no time that would look like a source that is away", async () => {
  const { operator, metrics, lines } = setup();
  metrics.sourceRead("broker", { seconds: 1, nowMs: 10_000 });
  operator.isLeader = false;
  expect(await lines(brokerTime)).toEqual([]);
  expect(await lines("millrace_operator_leader")).toEqual(["millrace_operator_leader 0"]);
});

test("errors are there with 0 before the first, and the version is told", async () => {
  const { lines } = setup();
  expect(await lines("millrace_floors_poll_errors_total")).toHaveLength(2);
  expect(await lines("millrace_build_info")).toEqual([
    'millrace_build_info{component="operator",version="1.2.3"} 1',
  ]);
});
