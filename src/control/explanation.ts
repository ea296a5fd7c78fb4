import type { LaneWish } from "./policy/lane-wish.ts";
import type { Reason } from "./reason.ts";
import { missingReplicas, missingText } from "./rules/missing.ts";
import type { Proposal } from "./rules/proposal.ts";
import type { Settings } from "./settings.ts";
import type { CleanFleet } from "./signals/clean-readings.ts";

export type Account = {
  readonly settings: Settings;
  readonly proposal: Proposal;
  readonly recommended: number;
  readonly fleet: CleanFleet;
  /** The lane that decides; undefined when nothing is known. */
  readonly lane: LaneWish | undefined;
  /** What is missing or spoilt. */
  readonly problem: string | undefined;
  readonly holdSeconds: number;
  /** How late the broker's statistics are told, where nothing else says what is in progress. */
  readonly latenessSeconds: number;
};

const decimals = (value: number): string => {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
};

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`;

type Because = (account: Account) => string;

const asked = ({ recommended }: Account): string => `${plural(recommended, "replica")} would do`;
const wanted = ({ recommended }: Account): string => `${plural(recommended, "replica")} are asked for`;

const BECAUSE: Readonly<Record<Reason, Because>> = {
  "no-queues": () => "no queue is named",
  blind: ({ problem }) => `nothing is known of the backlog: ${problem ?? "no sample"}`,
  steady: () => "that is what the load needs",
  "from-zero": () => "jobs wait and no replica exists",
  backlog: () => "waiting jobs would start too late",
  load: () => "the arriving work needs it",
  surplus: () => "fewer replicas keep the promise",
  idle: () => "nothing was ready, unacknowledged or running for long enough",
  "scale-in-hold": (account) =>
    `${asked(account)}, but not for the hold of ${decimals(account.holdSeconds)} s yet`,
  "scale-in-disabled": (account) => `${asked(account)}, but scale-in is switched off`,
  "scale-in-step": ({ settings }) => `one step removes at most ${settings.scaleInMaxStep}`,
  "signals-incomplete": (account) => `${asked(account)}, but ${account.problem ?? "a figure is missing"}`,
  unconfirmed: (account) => `${asked(account)}, but a second sample must agree first`,
  "warming-up": (account) => `${asked(account)}, but too little was measured since the start`,
  "waiting-for-idle": (account) => `${asked(account)}, but removing one now would interrupt a job`,
  stalled: () => "jobs wait and none of those in progress ends, so removing replicas cannot help",
  rollout: (account) => `${asked(account)}, but a rollout is in progress`,
  "scale-out-disabled": (account) => `${wanted(account)}, but scale-out is switched off`,
  "scale-out-pacing": (account) => `${wanted(account)}, but more were ordered a moment ago`,
  ineffective: (account) =>
    `${wanted(account)}, but more replicas brought no more throughput: something downstream limits it`,
  capacity: (account) =>
    `${wanted(account)}, but more would not come either: ${missingText(missingReplicas(account.fleet))}`,
  min: ({ settings }) => `min is ${settings.min}`,
  max: (account) => `${wanted(account)}, but max is ${account.settings.max}`,
  schedule: ({ settings }) =>
    `schedule ${settings.schedules
      .filter(({ active }) => active)
      .map(({ name }) => name)
      .join(", ")} asks for it`,
  floor: ({ settings }) => `the floor asks for it (${settings.floor?.because ?? ""})`,
  fallback: ({ settings, problem }) =>
    `the fallback ${settings.fallback?.behavior ?? ""} decides, as ${problem ?? "a ready count was unknown too long"}`,
  paused: () => "a person paused it",
};

const facts = ({ lane, fleet }: Account): string => {
  const where = `${fleet.ready} ready of ${plural(fleet.desired, "replica")}`;
  if (lane === undefined) return where;
  const { backlog, oldestSeconds, waitSeconds, slots, arrivals, service } = lane.view;
  const oldest =
    backlog.waiting > 0 ? `, the oldest for ${decimals(oldestSeconds)} s (promised ${waitSeconds} s)` : "";
  const rate = arrivals.rate.perSecond;
  const load = arrivals.known
    ? `; ${decimals(rate)} jobs/s of ${decimals(service.seconds)} s each keep ${decimals(rate * service.seconds)} slots busy`
    : "";
  return `${plural(Math.round(backlog.waiting), "job")} waiting${oldest}, ${Math.round(backlog.running)} running on ${where} with ${plural(slots, "slot")} each${load}`;
};

/** A person's hold that is shorter than what the figures can show is not kept; that is said. */
const lengthened = ({ settings, latenessSeconds }: Account): string => {
  const { holdSeconds, toZeroAfterSeconds } = settings;
  const shortest = Math.min(holdSeconds ?? latenessSeconds, toZeroAfterSeconds ?? latenessSeconds);
  return shortest < latenessSeconds
    ? `; holds last ${decimals(latenessSeconds)} s instead of ${decimals(shortest)} s, as only the broker's statistics tell what is in progress, and they are up to that old`
    : "";
};

/** One sentence with the numbers in it, for the person on call. */
export const explain = (account: Account): string => {
  const { from, to, reason } = account.proposal;
  const head = from === to ? `Stays at ${from}` : `From ${from} to ${to}`;
  return `${head}, as ${BECAUSE[reason](account)}: ${facts(account)}${lengthened(account)}.`;
};
