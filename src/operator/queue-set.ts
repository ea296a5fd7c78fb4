import { queuesOf } from "../resource/spec-of.ts";
import type { WorkerAutoscalerSpec } from "../resource/worker-autoscaler.ts";
import type { PatternMatch, QueuePattern, QueueRef } from "./ports.ts";

/** A queue under control, with its stricter objective if it has one. */
export type WatchedQueue = { readonly ref: QueueRef; readonly waitSeconds?: number };
/** A pattern whose queues are not known: counted as a queue that nobody can read. */
export type UnresolvedPattern = { readonly key: string; readonly reason: string; readonly message: string };
export type QueueSet = {
  readonly queues: readonly WatchedQueue[];
  readonly unresolved: readonly UnresolvedPattern[];
};

/** As many as the resource may name: patterns must not get around its bound. */
const maxQueues = 100;

type Pattern = { readonly pattern: QueuePattern; readonly waitSeconds?: number };

/** The patterns of a resource; `key` is `broker/vhost/pattern`. */
export function patternsOf({ queues, broker }: WorkerAutoscalerSpec): readonly Pattern[] {
  return queues.flatMap(({ pattern, vhost, waitSeconds }) => {
    if (pattern === undefined) return [];
    const found = { key: `${broker}/${vhost}/${pattern}`, broker, vhost, pattern };
    return [waitSeconds === undefined ? { pattern: found } : { pattern: found, waitSeconds }];
  });
}

/**
 * The named queues and those that the patterns match, each once, with the strictest wait that any of its entries asks
 * for. While a list cannot be read, the queues that `before` found by it stay: they still count for scale-out.
 */
export function resolveQueues(
  spec: WorkerAutoscalerSpec,
  matches: ReadonlyMap<string, PatternMatch>,
  before: readonly WatchedQueue[] = [],
): QueueSet {
  const named = queuesOf(spec);
  const patterns = patternsOf(spec);
  if (patterns.length === 0) return { queues: named, unresolved: [] };
  const unresolved: UnresolvedPattern[] = [];
  const matched = patterns.flatMap(({ pattern, waitSeconds }): WatchedQueue[] => {
    const match = matches.get(pattern.key) ?? { kind: "unknown", because: withoutLists };
    const problem = problemOf(pattern, match);
    if (problem !== undefined) unresolved.push({ key: pattern.key, ...problem });
    if (match.kind === "unknown") return before.filter(({ ref }) => isMatchedBy(ref, pattern));
    if (match.kind !== "matched") return [];
    return match.names.map((name) => ({
      ref: {
        key: `${pattern.broker}/${pattern.vhost}/${name}`,
        broker: pattern.broker,
        vhost: pattern.vhost,
        name,
      },
      ...(waitSeconds !== undefined && { waitSeconds }),
    }));
  });
  const queues = deduplicated([...named, ...matched]);
  if (queues.length <= maxQueues) return { queues, unresolved };
  return { queues: named, unresolved: patterns.map(({ pattern }) => tooManyInAll(pattern, queues.length)) };
}

const withoutLists = "the operator has no list of the broker's queues";

function problemOf(
  { vhost, pattern }: QueuePattern,
  match: PatternMatch,
): { readonly reason: string; readonly message: string } | undefined {
  const where = `Pattern ${pattern} in vhost ${vhost}`;
  if (match.kind === "too-many") {
    return {
      reason: "PatternTooWide",
      message: `${where} matches ${match.count} queues; an autoscaler may have ${maxQueues}. Make the pattern narrower, or split it over several autoscalers.`,
    };
  }
  if (match.kind === "unknown") {
    return {
      reason: "PatternUnknown",
      message: `${where} cannot be looked up: ${match.because}. Patterns need the broker's management API: give the operator its address, or name the queues.`,
    };
  }
  if (match.names.length > 0) return undefined;
  return {
    reason: "PatternMatchesNothing",
    message: `${where} matches no queue. Check the pattern and the vhost, or wait until a queue is declared; nothing is scaled in meanwhile.`,
  };
}

const tooManyInAll = ({ key, vhost, pattern }: QueuePattern, count: number): UnresolvedPattern => ({
  key,
  reason: "PatternTooWide",
  message: `Pattern ${pattern} in vhost ${vhost}: the names and patterns of this autoscaler make ${count} queues in all, and it may have ${maxQueues}. Make the patterns narrower, or split them over several autoscalers.`,
});

/** Only for queues that a pattern found before; a broker's expressions and ours agree on those the resource allows. */
function isMatchedBy(ref: QueueRef, { broker, vhost, pattern }: QueuePattern): boolean {
  return ref.broker === broker && ref.vhost === vhost && new RegExp(pattern, "u").test(ref.name);
}

function deduplicated(queues: readonly WatchedQueue[]): readonly WatchedQueue[] {
  const byKey = new Map<string, WatchedQueue>();
  for (const queue of queues) {
    const { waitSeconds } = byKey.get(queue.ref.key) ?? {};
    const strictest = Math.min(
      waitSeconds ?? Number.POSITIVE_INFINITY,
      queue.waitSeconds ?? Number.POSITIVE_INFINITY,
    );
    byKey.set(
      queue.ref.key,
      Number.isFinite(strictest) ? { ref: queue.ref, waitSeconds: strictest } : { ref: queue.ref },
    );
  }
  return [...byKey.values()];
}
