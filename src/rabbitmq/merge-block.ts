import type { BrokerBlock } from "../operator/ports.ts";
import type { QueueCounters } from "./queue-counters.ts";

/** A passive declare's answer. */
export type Declared = { readonly atMs: number; readonly ready: number; readonly consumers: number };

/** What the management API says of a queue. `atMs`: the state was so then, or later. */
export type Managed = QueueCounters & {
  readonly atMs: number;
  readonly ready: number | undefined;
  readonly unacked: number | undefined;
  readonly consumers: number | undefined;
  /** When the first message that waits was published, by its publisher's clock, seconds since 1970. */
  readonly headPublishedSeconds?: number | undefined;
};

/** Statistics older than this are left out, so that they do not age what passive declares say. */
const statisticsUsefulMs = 20_000;

/**
 * One block from both: ready and consumers from the newer one, the rest from the management API. A block is as old as the
 * oldest part of it. undefined when nobody knows the ready count.
 */
export const mergeBlock = (
  { declared, managed }: { readonly declared: Declared | undefined; readonly managed: Managed | undefined },
  { epoch, nowMs }: { readonly epoch: string; readonly nowMs: number },
): BrokerBlock | undefined => {
  const stats = declared === undefined || isUseful(managed, nowMs) ? managed : undefined;
  const told = byAge(declared, stats);
  const ready = first(told.map((one) => one.ready));
  if (ready === undefined) return undefined;
  return {
    ageSeconds: Math.max(0, ...told.map(({ atMs }) => nowMs - atMs)) / 1_000,
    epoch,
    ready,
    ...known("consumers", first(told.map((one) => one.consumers))),
    ...(stats && statisticsOf(stats)),
  };
};

const statisticsOf = ({ unacked, published, delivered, settled, redelivered }: Managed) => ({
  ...known("unacked", unacked),
  ...known("published", published),
  ...known("delivered", delivered),
  ...known("settled", settled),
  ...known("redelivered", redelivered),
});

const isUseful = (managed: Managed | undefined, nowMs: number): boolean =>
  managed !== undefined && nowMs - managed.atMs <= statisticsUsefulMs;

type Told = Pick<Managed, "atMs" | "ready" | "consumers">;

/** Newest first. */
const byAge = (declared: Told | undefined, stats: Told | undefined): readonly Told[] =>
  [declared, stats].filter((one) => one !== undefined).sort((a, b) => b.atMs - a.atMs);

const first = (values: readonly (number | undefined)[]): number | undefined =>
  values.find((value) => value !== undefined);

const known = <K extends string>(name: K, value: number | undefined): Partial<Record<K, number>> =>
  value === undefined ? {} : ({ [name]: value } as Record<K, number>);
