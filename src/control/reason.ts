/**
 * Every reason a verdict can carry, with what it means to a person on call. The same string is a log field, a metric
 * label, an event reason and a status field. The list grows: readers tolerate values they do not know.
 */
export const REASONS = {
  "no-queues": "No queue is named, so nothing is known and the count stays.",
  blind: "No queue's ready count is known; the count stays.",
  steady: "The count fits the load; nothing to change.",
  "from-zero": "Jobs wait and no replica exists.",
  backlog: "Jobs that wait would start too late with this count.",
  load: "The arriving work needs more replicas than there are.",
  surplus: "Fewer replicas keep the promise.",
  idle: "Nothing was ready, unacknowledged or running for long enough.",
  "scale-in-hold": "Fewer replicas would do, but not for long enough yet.",
  "scale-in-disabled": "Fewer replicas would do; scale-in is switched off.",
  "scale-in-step": "Fewer replicas would do; one step may not remove more.",
  "signals-incomplete": "Fewer replicas would do by what is known, but a figure is missing, stale or spoilt.",
  unconfirmed: "Fewer replicas would do by one sample; a second of another time must agree first.",
  "warming-up": "Fewer replicas would do, but too little was measured since the start.",
  "waiting-for-idle": "Fewer replicas would do, but removing one would interrupt a job.",
  stalled: "Jobs wait and none of those in progress has ended for a while; removing replicas would not help.",
  rollout: "Fewer replicas would do; a rollout is in progress.",
  "scale-out-disabled": "More replicas are needed; scale-out is switched off.",
  "scale-out-pacing": "More replicas are needed; the last order was placed a moment ago.",
  ineffective: "More replicas did not raise the throughput; something downstream limits it.",
  capacity: "Replicas that were asked for are not created or do not start; asking for more does not help.",
  min: "The least count that the spec allows.",
  max: "The greatest count that the spec allows.",
  schedule: "A schedule asks for this count.",
  floor: "Another signal asks for this count.",
  fallback: "A queue's ready count has been unknown too long; the fallback decides.",
  paused: "A person paused the autoscaler.",
} as const satisfies Readonly<Record<string, string>>;

/** One of {@link REASONS}. */
export type Reason = keyof typeof REASONS;
