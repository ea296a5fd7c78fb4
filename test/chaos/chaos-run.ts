import { type ChildProcess, fork } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createFaultProxy, type FaultProxy } from "../../embedded/fault-proxy.ts";
import type { Rabbitmq } from "../../embedded/rabbitmq.ts";
import type { Publisher, PublisherOptions } from "../../kit/src/amqp/publisher.ts";
import { assertDeadLetters, assertJobQueue, topologyOf } from "../../kit/src/amqp/topology.ts";
import { encodeEnvelope } from "../../kit/src/job/envelope.ts";
import { silentLogger } from "../../kit/src/logger.ts";

export type ChaosPlan = {
  readonly jobs: number;
  /** Service times are spread evenly from here to 25 ms more. */
  readonly leastServiceMs: number;
  readonly workers: "real" | "ack-first";
  readonly createPublisher: (options: PublisherOptions) => Publisher;
  /** SIGKILL for the worker that reports the nth start of a handler. */
  readonly killAtStarts: readonly number[];
  /** SIGTERM likewise. */
  readonly terminateAtStarts: readonly number[];
  /** The broker closes all connections of the vhost at the nth start. */
  readonly closeConnectionsAtStarts: readonly number[];
  /** Bytes between publisher and broker vanish in this direction, then the link is reset, at the nth publish. */
  readonly cutAtPublishes: readonly { readonly at: number; readonly dropped: "to-server" | "to-client" }[];
};

export type ChaosAccount = {
  readonly accepted: number;
  /** Accepted jobs that neither succeeded nor are among the dead letters. */
  readonly lost: readonly string[];
  readonly duplicates: number;
  readonly deadLettered: number;
  /** Workers that got SIGTERM, and no SIGKILL, and did not exit with 0. */
  readonly unclean: number;
};

const topology = topologyOf({ delayStepsMs: [20, 40] });
const workerCount = 2;
/** The broker tells a queue's messages up to 5 s late, so only when it has said for so long that it holds none is that true. */
const emptyForMs = 8_000;
const deadlineMs = 120_000;

/** Worker processes that are replaced when they die, and hit by the plan when their handlers start. */
class Crew {
  readonly starts = new EventEmitter();
  unclean = 0;
  #count = 0;
  #stopping = false;
  readonly #members = new Set<ChildProcess>();
  readonly #start: () => ChildProcess;
  readonly #plan: ChaosPlan;

  constructor(plan: ChaosPlan, start: () => ChildProcess) {
    this.#plan = plan;
    this.#start = start;
    for (let index = 0; index < workerCount; index++) this.#add();
  }

  #add(): void {
    const member = this.#start();
    let terminated = false;
    let killed = false;
    this.#members.add(member);
    member.on("message", () => {
      this.#count++;
      this.starts.emit(String(this.#count));
      if (this.#plan.killAtStarts.includes(this.#count)) {
        killed = true;
        member.kill("SIGKILL");
      }
      if (this.#plan.terminateAtStarts.includes(this.#count)) {
        terminated = true;
        member.kill("SIGTERM");
      }
    });
    member.on("exit", (code) => {
      if (terminated && !killed && code !== 0) this.unclean++;
      this.#members.delete(member);
      if (!this.#stopping) this.#add();
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      [...this.#members].map(async (member) => {
        member.kill("SIGKILL");
        if (member.exitCode === null && member.signalCode === null) await once(member, "exit");
      }),
    );
  }
}

const lines = async (file: string): Promise<readonly string[]> =>
  (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");

const deadLetters = async (broker: Rabbitmq, vhost: string): Promise<readonly string[]> => {
  const path = `queues/${encodeURIComponent(vhost)}/${topology.deadQueue}/get`;
  const got = await broker.manage("POST", path, {
    count: 10_000,
    ackmode: "ack_requeue_true",
    encoding: "auto",
  });
  return (got as readonly { readonly properties: { readonly message_id: string } }[]).map(
    ({ properties }) => properties.message_id,
  );
};

/** Publishes every job until it is confirmed, in bursts, with the planned cuts; answers with the ids that were. */
const submitAll = async (
  plan: ChaosPlan,
  publisher: Publisher,
  proxy: FaultProxy,
): Promise<readonly string[]> => {
  const accepted: string[] = [];
  const submit = async (index: number): Promise<void> => {
    const id = `job-${index}`;
    const nowMs = Date.now();
    const properties = encodeEnvelope({
      id,
      type: "chaos",
      run: 1,
      attempt: 1,
      enqueuedAtMs: nowMs,
      eligibleAtMs: nowMs,
      traceparent: undefined,
      replyTo: undefined,
    });
    const payload = {
      milliseconds: plan.leastServiceMs + (index % 25),
      failures: index % 20 === 0 ? 1 : 0,
      poison: index % 200 === 7,
    };
    const message = {
      exchange: "",
      routingKey: topology.queueOf("chaos"),
      body: Buffer.from(JSON.stringify(payload)),
      properties,
    };
    const outcome = await publisher.publish(message, { deadlineMs: 60_000 });
    if (outcome.kind === "confirmed") accepted.push(id);
  };
  const burst = 20;
  for (let from = 0; from < plan.jobs; from += burst) {
    const cut = plan.cutAtPublishes.find(({ at }) => at >= from && at < from + burst);
    if (cut !== undefined) proxy.dropOnly(cut.dropped);
    const dropped = cut === undefined ? undefined : proxy.nextDrop();
    const answers = Array.from({ length: Math.min(burst, plan.jobs - from) }, (_, offset) =>
      submit(from + offset),
    );
    if (dropped !== undefined) {
      await dropped;
      proxy.mode("pass");
      proxy.reset();
    }
    await Promise.all(answers);
    if (cut !== undefined) await publisher.ready();
  }
  return accepted;
};

/** Messages in all queues but the dead letters'. */
const held = async (broker: Rabbitmq, vhost: string): Promise<number> => {
  const queues = (await broker.manage("GET", `queues/${encodeURIComponent(vhost)}`)) as readonly {
    readonly name: string;
    readonly messages?: number;
  }[];
  return queues
    .filter(({ name }) => name !== topology.deadQueue)
    .reduce((sum, { messages }) => sum + (messages ?? 1), 0);
};

/** Waits until every accepted job succeeded or is dead, or the broker holds no job any more. */
const untilSettled = async (
  accepted: readonly string[],
  look: { readonly settled: () => Promise<ReadonlySet<string>>; readonly held: () => Promise<number> },
): Promise<ReadonlySet<string>> => {
  const untilMs = Date.now() + deadlineMs;
  let emptySinceMs: number | undefined;
  while (Date.now() < untilMs) {
    const settled = await look.settled();
    if (accepted.every((id) => settled.has(id))) return settled;
    emptySinceMs = (await look.held()) > 0 ? undefined : (emptySinceMs ?? Date.now());
    if (emptySinceMs !== undefined && Date.now() - emptySinceMs > emptyForMs) return look.settled();
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`jobs were still at the broker after ${deadlineMs} ms`);
};

/** One run in a vhost of its own on the given broker. */
export const chaosRun = async (broker: Rabbitmq, plan: ChaosPlan): Promise<ChaosAccount> => {
  const vhost = `chaos-${plan.workers}-${plan.jobs}-${process.hrtime.bigint()}`;
  await broker.addVhost(vhost);
  const directory = await mkdtemp(join(tmpdir(), "millrace-chaos-"));
  const file = join(directory, "succeeded");
  await writeFile(file, "");
  const proxy = createFaultProxy({ host: broker.host, port: broker.amqpPort() }, broker.host);
  await proxy.start();
  const publisher = plan.createPublisher({
    link: {
      url: broker.amqpUrl(vhost, proxy.port()),
      role: "chaos",
      logger: silentLogger,
      heartbeatSeconds: 2,
      backoff: { minMs: 20, maxMs: 200 },
    },
    setUp: async (channel) => {
      await assertDeadLetters(channel, topology);
      await assertJobQueue(channel, topology, "chaos");
    },
  });
  await publisher.start();
  await publisher.ready();
  const script = fileURLToPath(new URL("chaos-worker.ts", import.meta.url));
  const crew = new Crew(plan, () =>
    fork(script, [broker.amqpUrl(vhost), file, plan.workers], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    }),
  );
  const closings: Promise<unknown>[] = [];
  for (const at of plan.closeConnectionsAtStarts) {
    crew.starts.once(String(at), () => {
      const closing = broker.ctl("close_all_connections", "--vhost", vhost, "chaos");
      closing.catch(() => {}); // told when it is awaited, after the jobs
      closings.push(closing);
    });
  }
  try {
    const accepted = await submitAll(plan, publisher, proxy);
    const dead = async (): Promise<ReadonlySet<string>> => new Set(await deadLetters(broker, vhost));
    const settled = await untilSettled(accepted, {
      settled: async () => new Set([...(await lines(file)), ...(await dead())]),
      held: () => held(broker, vhost),
    });
    await Promise.all(closings);
    const succeeded = await lines(file);
    return {
      accepted: accepted.length,
      lost: accepted.filter((id) => !settled.has(id)),
      duplicates: succeeded.length - new Set(succeeded).size,
      deadLettered: (await dead()).size,
      unclean: crew.unclean,
    };
  } finally {
    await crew.stop();
    await publisher.stop();
    await proxy.stop();
    await rm(directory, { recursive: true, force: true });
    await broker.removeVhost(vhost);
  }
};
