import { type ChannelModel, connect } from "amqplib";
import { eventually } from "./eventually.ts";

export const recordQueue = "proof.record";

/** What a foreign consumer wrote down of one execution. */
type RecordLine = {
  readonly id: string;
  readonly pod: string;
  readonly event: "started" | "done";
  readonly redelivered: boolean;
  readonly atMs: number;
};

/** What it wrote down at SIGTERM: how many jobs it had in hand. */
type DrainLine = { readonly pod: string; readonly event: "draining"; readonly busy: number };

export type JobAccount = {
  /** Published and never done. */
  readonly lost: readonly string[];
  /** Done more than once. */
  readonly duplicated: readonly string[];
  /** Executions that began in a pod and did not end there. */
  readonly interrupted: readonly string[];
  readonly done: number;
};

const execution = ({ id, pod }: RecordLine): string => `${id} in ${pod}`;

/** What the foreign consumers did, by their own record. */
export class JobRecords {
  readonly lines: RecordLine[] = [];
  /** Of those that drain, in the order in which they were told to. */
  readonly drains: DrainLine[] = [];
  readonly #connection: ChannelModel;

  private constructor(connection: ChannelModel) {
    this.#connection = connection;
  }

  static async read(amqpUrl: string): Promise<JobRecords> {
    const connection = await connect(amqpUrl);
    connection.on("error", () => {}); // the account then lacks lines, and the proof fails
    const records = new JobRecords(connection);
    const channel = await connection.createChannel();
    await channel.assertQueue(recordQueue, { durable: true });
    await channel.consume(recordQueue, (message) => {
      if (message === null) return;
      const line = JSON.parse(message.content.toString()) as RecordLine | DrainLine;
      if (line.event === "draining") records.drains.push(line);
      else records.lines.push(line);
      channel.ack(message);
    });
    return records;
  }

  account(published: readonly string[]): JobAccount {
    const done = new Map<string, number>();
    const open = new Map<string, number>();
    for (const line of this.lines) {
      const key = execution(line);
      open.set(key, (open.get(key) ?? 0) + (line.event === "started" ? 1 : -1));
      if (line.event === "done") done.set(line.id, (done.get(line.id) ?? 0) + 1);
    }
    return {
      lost: published.filter((id) => !done.has(id)),
      duplicated: [...done].filter(([, times]) => times > 1).map(([id]) => id),
      interrupted: [...open].filter(([, times]) => times > 0).map(([key]) => key),
      done: done.size,
    };
  }

  /** Everything that was written down of the jobs that `account` counts as interrupted. */
  storyOf(interrupted: readonly string[]): readonly string[] {
    const ids = new Set(interrupted.map((key) => key.split(" ")[0]));
    return this.lines
      .filter(({ id }) => ids.has(id))
      .map(
        ({ id, pod, event, redelivered, atMs }) =>
          `${new Date(atMs).toISOString()} ${id} ${event} in ${pod}${redelivered ? ", redelivered" : ""}`,
      );
  }

  /** Jobs running now. */
  running(): number {
    return this.lines.reduce((sum, { event }) => sum + (event === "started" ? 1 : -1), 0);
  }

  /** Resolves when all of them have been started. */
  async allStarted(published: readonly string[], withinMs: number): Promise<void> {
    const left = () => {
      const seen = new Set(this.lines.map(({ id }) => id));
      return published.filter((id) => !seen.has(id)).length;
    };
    await eventually("all jobs started", left, (count) => count === 0, { withinMs });
  }

  /** Resolves when all of them are done. */
  async allDone(published: readonly string[], withinMs: number): Promise<void> {
    const left = () => this.account(published).lost.length;
    await eventually("all jobs done", left, (count) => count === 0, { withinMs });
  }

  async close(): Promise<void> {
    await this.#connection.close().catch(() => {}); // the broker may have closed it already
  }
}
