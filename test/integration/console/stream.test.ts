import { createServer, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  autoscalerResource,
  type OperatorScenario,
  type ScenarioOptions,
  startedScenario,
} from "../../fakes/operator-scenario.ts";
import { type StreamEvent, StreamReader } from "../../support/stream-reader.ts";
import { Autoscaler } from "../../../src/operator/autoscaler.ts";
import type { ChangesEvent } from "../../../src/console/contract.ts";
import { OperatorNews } from "../../../src/console/operator-news.ts";
import { frameOf, StreamHub, type StreamLimits, usualStreamLimits } from "../../../src/console/stream-hub.ts";

/** Of what happens by itself, on a machine with other things to do. */
const soon = { timeout: 20_000, interval: 20 };

class Stage {
  readonly scenario: OperatorScenario;
  readonly news: OperatorNews;
  others: readonly Autoscaler[] = [];
  isFollower = false;
  notes: readonly string[] = [];
  #server: Server | undefined;

  constructor(scenario: OperatorScenario, limits: StreamLimits = usualStreamLimits) {
    this.scenario = scenario;
    this.news = new OperatorNews(
      {
        autoscalers: () => (this.isFollower ? [] : [...scenario.operator.autoscalers, ...this.others]),
        isFollower: () => this.isFollower,
        leader: () => "operator-1",
        notes: () => this.notes,
        version: "1.2.3",
        cycleSeconds: 2,
        nowMs: scenario.clock.read,
      },
      limits,
    );
  }

  /** A reader over a real socket. */
  async reader(): Promise<StreamReader> {
    this.#server ??= await listening((response) => this.news.open(response));
    return StreamReader.open(urlOf(this.#server));
  }

  /** One tick, and what it told. */
  async tick(reader: StreamReader): Promise<ChangesEvent> {
    const from = reader.events.length;
    this.news.tick();
    return (await reader.next(() => true, from)).data as ChangesEvent;
  }
}

async function listening(onRequest: (response: ServerResponse) => void): Promise<Server> {
  const server = createServer((_request, response) => onRequest(response)).listen(0, "127.0.0.1");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  return server;
}

function urlOf(server: Server): string {
  const address = server.address();
  return typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "";
}

async function staged(options: ScenarioOptions = {}, limits?: StreamLimits): Promise<Stage> {
  const scenario = await startedScenario(options);
  await scenario.walk(4);
  return new Stage(scenario, limits);
}

/** So many others. */
function crowd(count: number): readonly Autoscaler[] {
  const like = autoscalerResource();
  return Array.from({ length: count }, (_none, index) => {
    const metadata = { ...like.metadata, namespace: `team-${index % 20}`, name: `worker-${index}` };
    const options = { saved: undefined, decisionsKept: 100, nowMs: 0 };
    return new Autoscaler({ ...like, metadata }, options);
  });
}

function lookAt(autoscaler: Autoscaler, nowMs: number, ready = 7): void {
  const queues = new Map(
    autoscaler.queues.map(({ ref }) => [
      ref.key,
      { ageSeconds: 0, epoch: "1", ready, unacked: 0, consumers: 1 },
    ]),
  );
  autoscaler.decide({
    broker: { sample: { queues }, atMs: nowMs },
    fleet: {
      kind: "observed",
      fleet: { desired: 1, ready: 1, draining: 0, starting: [], uncreated: 0, rollout: false },
    },
    staleAfterSeconds: 30,
    nowMs,
  });
  autoscaler.updateConditions({ sharedWith: [], sourceProblems: [] }, nowMs);
}

const keysOf = (events: readonly StreamEvent[]): ReadonlySet<string> =>
  new Set(
    events.flatMap(({ event, data }) =>
      (event === "snapshot" ? data.autoscalers : data.changed).map(({ key }) => key),
    ),
  );

describe("a stream", () => {
  test("begins with all that is known, and goes on with what was decided since", async () => {
    const stage = await staged();
    const reader = await stage.reader();
    expect(await reader.snapshot()).toMatchObject({
      version: "1.2.3",
      role: "leader",
      notes: [],
      total: 1,
      autoscalers: [{ key: "default/images", backlog: 0, verdict: expect.any(String) }],
    });
    expect(reader.response.headers).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    stage.scenario.world.publish(30);
    await stage.scenario.walk(2);
    const { changed, removed } = await stage.tick(reader);
    expect(removed).toEqual([]);
    expect(changed).toMatchObject([
      {
        key: "default/images",
        backlog: 30,
        replicas: { desired: stage.scenario.desired },
        lastDecision: { to: stage.scenario.desired, explanation: expect.stringContaining("30 jobs waiting") },
        point: { backlog: 30 },
      },
    ]);
  });

  test("says nothing while nothing changes, but for a sign of life every five seconds", async () => {
    const stage = await staged();
    const reader = await stage.reader();
    await reader.snapshot();
    stage.scenario.clock.advance(4.9);
    stage.news.tick();
    stage.scenario.clock.advance(0.1);
    expect(await stage.tick(reader)).toEqual({
      serverTime: new Date(stage.scenario.clock.nowMs).toISOString(),
      changed: [],
      removed: [],
    });
    expect(reader.events.length).toBe(2);
  });

  test("tells of one that looks as it did only every ten seconds, and of one that does not at once", async () => {
    const stage = await staged();
    const [idle, busy] = crowd(2);
    if (idle === undefined || busy === undefined) throw new Error("no crowd");
    stage.others = [idle, busy];
    const reader = await stage.reader();
    await reader.snapshot();
    const told: (readonly string[])[] = [];
    for (let look = 1; look <= 20; look++) {
      stage.scenario.clock.advance(2);
      lookAt(idle, stage.scenario.clock.nowMs, 0);
      lookAt(busy, stage.scenario.clock.nowMs, look);
      told.push((await stage.tick(reader)).changed.map(({ name }) => name));
    }
    const timesOf = (name: string) => told.slice(-10).filter((names) => names.includes(name)).length;
    expect({ idle: timesOf("worker-0"), busy: timesOf("worker-1") }).toEqual({ idle: 2, busy: 10 });
  });

  test("tells when a look becomes too old to say anything, without any new look", async () => {
    const stage = await staged();
    const reader = await stage.reader();
    await reader.snapshot();
    stage.scenario.clock.advance(31);
    const { changed } = await stage.tick(reader);
    expect(changed).toMatchObject([
      { verdict: "unknown", sentence: expect.stringContaining("last looked at 31 s ago") },
    ]);
  });

  test("tells which are gone, and when the operator stops leading", async () => {
    const stage = await staged();
    stage.others = crowd(2);
    const reader = await stage.reader();
    await reader.snapshot();
    stage.others = stage.others.slice(1);
    expect((await stage.tick(reader)).removed).toEqual(["team-0/worker-0"]);
    stage.isFollower = true;
    expect(await stage.tick(reader)).toMatchObject({
      role: "follower",
      notes: [expect.stringContaining("operator-1 leads")],
      removed: ["default/images", "team-1/worker-1"],
    });
    stage.isFollower = false;
    expect(await stage.tick(reader)).toMatchObject({ role: "leader", notes: [], changed: [{}, {}] });
  });

  test("keeps a name that looks like an event inside its own", async () => {
    const stage = await staged();
    const like = autoscalerResource();
    const name = 'x\n\nevent: snapshot\r\ndata: {"}\u2028<img src=x onerror=alert(1)>';
    const metadata = { ...like.metadata, name };
    const options = { saved: undefined, decisionsKept: 100, nowMs: 0 };
    stage.others = [new Autoscaler({ ...like, metadata }, options)];
    const reader = await stage.reader();
    const { autoscalers } = await reader.snapshot();
    expect(autoscalers.map((summary) => summary.name)).toContain(name);
    expect(reader.events.length).toBe(1);
  });
});

describe("the series", () => {
  test("record each look, read or not, and go with their autoscaler", async () => {
    const stage = await staged();
    stage.news.tick();
    stage.news.tick();
    stage.scenario.world.publish(30);
    await stage.scenario.walk(2);
    stage.news.tick();
    const { times, backlog, desired } = stage.news.series("default/images");
    expect(times.at(-1)).toBe(Math.floor(stage.scenario.clock.nowMs / 1_000));
    expect({ times: times.length, backlog }).toEqual({ times: 2, backlog: [0, 30] });
    expect(desired).toEqual([0, stage.scenario.desired]);
    stage.isFollower = true;
    stage.news.tick();
    expect(stage.news.series("default/images").times).toEqual([]);
  });
});

describe("many autoscalers", () => {
  test("500 make a first picture below 700 kB", async () => {
    const stage = await staged();
    stage.others = crowd(499);
    for (const autoscaler of stage.others) lookAt(autoscaler, stage.scenario.clock.nowMs);
    const reader = await stage.reader();
    const { total, autoscalers } = await reader.snapshot();
    expect({ total, count: autoscalers.length }).toEqual({ total: 500, count: 500 });
    expect(reader.events[0]?.text.length).toBeLessThan(700_000);
  });

  test("10,000 come a thousand at a time, decisions first, and none is left out", async () => {
    const stage = await staged();
    stage.others = crowd(9_999);
    const reader = await stage.reader();
    const { total, autoscalers } = await reader.snapshot();
    expect({ total, count: autoscalers.length }).toEqual({ total: 10_000, count: 1_000 });
    stage.scenario.world.publish(30);
    await stage.scenario.walk(2);
    const { changed } = await stage.tick(reader);
    expect(changed[0]?.key).toBe("default/images");
    expect(changed.length).toBe(1_000);
    for (let tick = 0; tick < 9; tick++) {
      stage.scenario.clock.advance(5);
      expect((await stage.tick(reader)).changed.length).toBeLessThanOrEqual(1_000);
    }
    expect(keysOf(reader.events).size).toBe(10_000);
  });
});

describe("readers", () => {
  test("that come later get a first picture of their own, and then the same news", async () => {
    const stage = await staged();
    const first = await stage.reader();
    await first.snapshot();
    const second = await stage.reader();
    await second.snapshot();
    stage.scenario.world.publish(5);
    await stage.scenario.walk(2);
    const heard = second.next(({ event }) => event === "changes");
    const told = await stage.tick(first);
    expect((await heard).data).toEqual(told);
  });

  test("leave nothing behind", async () => {
    const stage = await staged();
    stage.others = crowd(300);
    const readers = [await stage.reader(), await stage.reader(), await stage.reader()];
    await Promise.all(readers.map((reader) => reader.snapshot()));
    expect(stage.news.readers).toBe(3);
    expect(stage.news.kept).toBeGreaterThan(300);
    for (const reader of readers) reader.close();
    await expect.poll(() => stage.news.readers, soon).toBe(0);
    stage.news.tick();
    expect(stage.news.kept).toBe(0);
  });

  test("are ended with the operator, each stream in order", async () => {
    const stage = await staged();
    const reader = await stage.reader();
    await reader.snapshot();
    stage.news.end();
    await reader.closed;
    expect(reader.response.complete).toBe(true);
  });

  test("are no more than there is room for", async () => {
    const stage = await staged({}, { ...usualStreamLimits, streams: 2 });
    const first = await stage.reader();
    expect(stage.news.isFull).toBe(false);
    await stage.reader();
    expect(stage.news.isFull).toBe(true);
    first.close();
    await expect.poll(() => stage.news.isFull, soon).toBe(false);
  });
});

describe("a reader that does not keep up", () => {
  const megabyte = frameOf("changes", { text: "x".repeat(1_000_000) });
  const small = frameOf("changes", { text: "x" });

  /** Readers that take nothing until they are resumed. */
  async function hubWith(readers: number, backlogBytes: number) {
    const clock = { nowMs: 0 };
    const hub = new StreamHub(() => clock.nowMs, { streams: 10, backlogBytes, stalledMs: 30_000 });
    const server = await listening((response) => hub.open(response, small));
    const answers = [];
    for (let count = 0; count < readers; count++) {
      const answer = await StreamReader.answer(urlOf(server));
      answers.push(answer.on("error", () => {}));
    }
    return { hub, clock, answers };
  }

  test("is cut when too much waits for it, and the others stay", async () => {
    const { hub, answers } = await hubWith(2, 4_000_000);
    const [slow, quick] = answers;
    quick?.resume();
    const sendUntilOneIsCut = () => {
      hub.send(megabyte);
      return hub.size;
    };
    await expect.poll(sendUntilOneIsCut, { interval: 20, timeout: 20_000 }).toBe(1);
    hub.send(small);
    slow?.resume();
    await expect.poll(() => slow?.closed, soon).toBe(true);
    expect(slow?.complete).toBe(false);
    expect(quick?.closed).toBe(false);
  });

  test("is cut when it takes nothing for half a minute, however little waits", async () => {
    const { hub, clock } = await hubWith(1, Number.POSITIVE_INFINITY);
    // More than the kernel keeps for it.
    for (let count = 0; count < 20; count++) hub.send(megabyte);
    clock.nowMs += 30_000;
    hub.send(small);
    await expect.poll(() => hub.size, soon).toBe(1);
    clock.nowMs += 1;
    hub.send(small);
    await expect.poll(() => hub.size, soon).toBe(0);
  });
});
