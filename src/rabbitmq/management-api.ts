import { ManagementError } from "./errors.ts";
import { createManagementGet, type ManagementGet, type ManagementPlace } from "./management-http.ts";
import type { Managed } from "./merge-block.ts";

/** What the management API tells, by pages and only the columns that are needed. Every call rejects with a ManagementError. */
export type ManagementApi = {
  /** All queues of a vhost, by name. */
  queuesOf(vhost: string, signal: AbortSignal): Promise<QueueList>;
  /** Unacked messages by the address of the consumer's end of the connection, over all vhosts. */
  unackedByAddress(signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
};
/** `isWhole`: it came in one page; between two pages a queue may slip from one to the other and be missed. */
export type QueueList = { readonly queues: ReadonlyMap<string, Managed>; readonly isWhole: boolean };

export type ManagementOptions = ManagementPlace & {
  /** How old the broker's statistics may be when they are told (its collect_statistics_interval). */
  readonly statisticsIntervalMs: number;
};

const pageSize = 500;
/** 100,000 queues of one vhost, or channels of a broker; what is beyond stays unknown. */
const maxPages = 200;
const queueColumns = [
  "name",
  "messages_ready",
  "messages_unacknowledged",
  "consumers",
  "head_message_timestamp",
  "message_stats.publish",
  "message_stats.deliver_get",
  "message_stats.ack",
  "message_stats.redeliver",
].join(",");
const channelColumns = "connection_details.peer_host,messages_unacknowledged,consumer_count";
/** Others are shown only channels of their own, without a word about the rest. */
const tagsThatSeeAllChannels: ReadonlySet<string> = new Set(["monitoring", "administrator"]);

type RawQueue = {
  readonly name?: unknown;
  readonly messages_ready?: unknown;
  readonly messages_unacknowledged?: unknown;
  readonly consumers?: unknown;
  /** Seconds since 1970 as the publisher wrote them; classic queues only. */
  readonly head_message_timestamp?: unknown;
  readonly message_stats?: Readonly<Record<string, unknown>>;
};
type RawChannel = {
  readonly connection_details?: { readonly peer_host?: unknown };
  readonly messages_unacknowledged?: unknown;
  readonly consumer_count?: unknown;
};
type Page = { readonly items?: unknown; readonly page_count?: unknown };

export const createManagementApi = (options: ManagementOptions): ManagementApi => {
  const { statisticsIntervalMs, nowMs } = options;
  const get = createManagementGet(options);

  /** Resolves with how many pages there were. */
  const eachItem = async (
    path: string,
    { columns, signal }: { readonly columns: string; readonly signal: AbortSignal },
    take: (item: unknown) => void,
  ): Promise<number> => {
    for (let page = 1; page <= maxPages; page++) {
      const query = new URLSearchParams({ page: String(page), page_size: String(pageSize), columns });
      const answer = await get(`${path}?${query.toString()}`, signal);
      if (answer === "page-out-of-range") return page - 1; // it became shorter meanwhile
      const { items, page_count } = answer as Page;
      if (Array.isArray(items)) for (const item of items) take(item);
      if (typeof page_count !== "number" || page >= page_count) return page;
    }
    throw new ManagementError("too-much", `it lists more than ${maxPages * pageSize} entries`);
  };

  return {
    async queuesOf(vhost, signal) {
      const queues = new Map<string, Managed>();
      const atMs = nowMs() - statisticsIntervalMs;
      const pages = await eachItem(
        `queues/${encodeURIComponent(vhost)}`,
        { columns: queueColumns, signal },
        (item) => {
          const queue = item as RawQueue;
          if (typeof queue.name === "string") queues.set(queue.name, managedOf(queue, atMs));
        },
      );
      return { queues, isWhole: pages <= 1 };
    },
    async unackedByAddress(signal) {
      await requireTag(get, signal);
      const unacked = new Map<string, number>();
      await eachItem("channels", { columns: channelColumns, signal }, (item) => {
        const held = holdingOf(item as RawChannel);
        if (held !== undefined) unacked.set(held.address, (unacked.get(held.address) ?? 0) + held.unacked);
      });
      return unacked;
    },
    close: () => get.close(),
  };
};

const requireTag = async (get: ManagementGet, signal: AbortSignal): Promise<void> => {
  const { tags } = (await get("whoami", signal)) as { tags?: unknown };
  const list = Array.isArray(tags) ? tags : String(tags).split(",");
  if (!list.some((tag) => tagsThatSeeAllChannels.has(String(tag).trim())))
    throw new ManagementError(
      "no-permission",
      "the user sees only channels of its own: give it the tag monitoring, so that busy consumers can be told from idle ones",
    );
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
  headPublishedSeconds: count(queue.head_message_timestamp),
});

/** A channel without a consumer counts only while it holds messages: that of a consumer that drains, or of a basic.get. */
const holdingOf = (channel: RawChannel): { address: string; unacked: number } | undefined => {
  const host = channel.connection_details?.peer_host;
  const unacked = count(channel.messages_unacknowledged);
  if (typeof host !== "string" || unacked === undefined) return undefined;
  if (unacked === 0 && count(channel.consumer_count) === 0) return undefined;
  return { address: plainAddress(host), unacked };
};

const mappedIpv4 = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i;

/** `::ffff:10.1.2.3` is how a socket for both families tells 10.1.2.3; other IPv6 addresses in their shortest form. */
const plainAddress = (host: string): string => {
  const mapped = mappedIpv4.exec(host)?.[1];
  if (mapped !== undefined) return mapped;
  return host.includes(":") ? (URL.parse(`http://[${host}]`)?.hostname.slice(1, -1) ?? host) : host;
};

const count = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
