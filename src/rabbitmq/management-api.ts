import type { Managed } from "./merge-block.ts";

/** All queues of a vhost, by name, as the management API tells them. */
export type ManagementApi = {
  /** Rejects with an Error that says why in words for a person. */
  queuesOf(vhost: string, signal: AbortSignal): Promise<ReadonlyMap<string, Managed>>;
};

const pageSize = 500;
/** 100,000 queues of one vhost; what is beyond stays unknown. */
const maxPages = 200;
const columns = [
  "name",
  "messages_ready",
  "messages_unacknowledged",
  "consumers",
  "message_stats.publish",
  "message_stats.deliver_get",
  "message_stats.ack",
  "message_stats.redeliver",
].join(",");

type RawQueue = {
  readonly name?: unknown;
  readonly messages_ready?: unknown;
  readonly messages_unacknowledged?: unknown;
  readonly consumers?: unknown;
  readonly message_stats?: Readonly<Record<string, unknown>>;
};
type Page = { readonly items?: unknown; readonly page_count?: unknown };

export type ManagementOptions = {
  /** With credentials. */
  readonly url: string;
  /** How old the broker's statistics may be when they are told (its collect_statistics_interval). */
  readonly statisticsIntervalMs: number;
  readonly nowMs: () => number;
};

export const createManagementApi = ({
  url,
  statisticsIntervalMs,
  nowMs,
}: ManagementOptions): ManagementApi => {
  const base = new URL(url);
  const login = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`;
  const authorization = `Basic ${Buffer.from(login).toString("base64")}`;
  base.username = "";
  base.password = "";
  const root = base.href.replace(/\/$/, "");

  const pageOf = async (vhost: string, page: number, signal: AbortSignal): Promise<Page> => {
    const query = new URLSearchParams({ page: String(page), page_size: String(pageSize), columns });
    const address = `${root}/api/queues/${encodeURIComponent(vhost)}?${query.toString()}`;
    const response = await fetch(address, { headers: { authorization }, signal });
    const text = await response.text();
    if (!response.ok)
      throw new Error(`the management API answered ${response.status}: ${text.slice(0, 200)}`);
    return JSON.parse(text) as Page;
  };

  return {
    async queuesOf(vhost, signal) {
      const queues = new Map<string, Managed>();
      for (let page = 1; page <= maxPages; page++) {
        const atMs = nowMs() - statisticsIntervalMs;
        const { items, page_count } = await pageOf(vhost, page, signal);
        for (const queue of Array.isArray(items) ? (items as readonly RawQueue[]) : []) {
          if (typeof queue.name === "string") queues.set(queue.name, managedOf(queue, atMs));
        }
        if (typeof page_count !== "number" || page >= page_count) break;
      }
      return queues;
    },
  };
};

/** message_stats is absent before the first message, and where statistics are switched off. */
const managedOf = (queue: RawQueue, atMs: number): Managed => ({
  atMs,
  ready: count(queue.messages_ready),
  unacked: count(queue.messages_unacknowledged),
  consumers: count(queue.consumers),
  published: count(queue.message_stats?.["publish"]),
  delivered: count(queue.message_stats?.["deliver_get"]),
  settled: count(queue.message_stats?.["ack"]),
  redelivered: count(queue.message_stats?.["redeliver"]),
});

const count = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
