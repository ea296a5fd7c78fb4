import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRabbitmq, type Rabbitmq } from "../../embedded/rabbitmq.ts";
import { createRunScope, type RunScope } from "../../embedded/run-scope.ts";
import { createPublisher } from "../../kit/src/amqp/publisher.ts";
import { type ChaosPlan, chaosRun } from "../chaos/chaos-run.ts";
import { createUnconfirmedPublisher } from "../chaos/doubles.ts";

const calm: ChaosPlan = {
  jobs: 200,
  leastServiceMs: 5,
  workers: "real",
  createPublisher,
  killAtStarts: [],
  terminateAtStarts: [],
  closeConnectionsAtStarts: [],
  cutAtPublishes: [],
};

describe("under kills, drains, closed connections and lost bytes", () => {
  let scope: RunScope;
  let broker: Rabbitmq;
  beforeAll(async () => {
    scope = await createRunScope();
    broker = await createRabbitmq(scope);
    await broker.start();
  }, 180_000);
  afterAll(() => scope.stop());

  test("no accepted job of 2,000 is lost", { timeout: 180_000 }, async () => {
    const account = await chaosRun(broker, {
      ...calm,
      jobs: 2_000,
      killAtStarts: [150, 420, 760, 1_180, 1_610],
      terminateAtStarts: [300, 900, 1_400],
      closeConnectionsAtStarts: [560, 1_250],
      cutAtPublishes: [
        { at: 200, dropped: "to-server" },
        { at: 500, dropped: "to-client" },
        { at: 900, dropped: "to-server" },
        { at: 1_300, dropped: "to-client" },
        { at: 1_700, dropped: "to-server" },
      ],
    });
    expect(account).toMatchObject({ accepted: 2_000, lost: [], unclean: 0 });
    expect(account.deadLettered).toBeGreaterThanOrEqual(10);
  });

  test("it notices a publisher whose promise resolves on write", { timeout: 120_000 }, async () => {
    const account = await chaosRun(broker, {
      ...calm,
      createPublisher: createUnconfirmedPublisher,
      cutAtPublishes: [{ at: 100, dropped: "to-server" }],
    });
    expect(account.lost.length).toBeGreaterThan(0);
  });

  test("it notices an ack that precedes the handler", { timeout: 120_000 }, async () => {
    // Handlers run so long that the kill, which follows the start of one, finds them running.
    const killed: ChaosPlan = { ...calm, jobs: 60, leastServiceMs: 1_000, killAtStarts: [10] };
    expect((await chaosRun(broker, { ...killed, workers: "ack-first" })).lost.length).toBeGreaterThan(0);
    expect((await chaosRun(broker, killed)).lost).toEqual([]);
  });
});
