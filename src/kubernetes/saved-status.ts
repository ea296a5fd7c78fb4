import { z } from "zod";
import type { Decision, SavedAutoscaler } from "../operator/ports.ts";

const time = z.string().transform((text, context) => {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) context.addIssue("not a time");
  return ms;
});
const decisionShape = z.object({
  time,
  kind: z.enum(["hold", "scale"]),
  from: z.int().min(0),
  to: z.int().min(0),
  recommended: z.int().min(0),
  reason: z.custom<Decision["reason"]>((value) => typeof value === "string"),
  limitedBy: z.array(z.custom<Decision["limitedBy"][number]>((value) => typeof value === "string")),
  explanation: z.string(),
  outcome: z.enum(["held", "scaled", "dry-run", "conflict", "failed"]),
  problem: z.string().optional(),
  repeated: z.int().min(0),
});
const countShape = z.object({
  expected: z.int().min(0),
  asked: z.int().min(0).optional(),
  zeroByHand: z.boolean(),
  raisedUntilMs: z.number(),
  foreignWritesMs: z.array(z.number()),
  conflictUntilMs: z.number(),
});
const durableShape = z.object({
  v: z.literal(1),
  target: z.string(),
  count: countShape,
  control: z
    .custom<NonNullable<SavedAutoscaler["control"]>>((value) => typeof value === "object" && value !== null)
    .optional()
    .catch(undefined),
});

/** What a status keeps for the next leader; undefined when it keeps nothing, or nothing of this version. */
export function savedOf(status: unknown): SavedAutoscaler | undefined {
  const { durable, history, lastDecision } = recordOf(status);
  const kept = durableShape.safeParse(durable);
  if (!kept.success) return undefined;
  const { target, count, control } = kept.data;
  const { asked, ...known } = count;
  return {
    target,
    count: { ...known, ...(asked !== undefined && { asked }) },
    ...(control !== undefined && { control }),
    decisions: decisionsOf(history, lastDecision),
  };
}

/** Oldest first; the last one again where it is a hold, which the history leaves out. */
function decisionsOf(history: unknown, last: unknown): readonly Decision[] {
  const changes = (Array.isArray(history) ? history : []).flatMap(decisionOf);
  const newest = changes.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
  return [...changes, ...decisionOf(last).filter(({ atMs, kind }) => kind === "hold" && atMs >= newest)];
}

function decisionOf(value: unknown): Decision[] {
  const parsed = decisionShape.safeParse(value);
  if (!parsed.success) return [];
  const { time: atMs, problem, ...decision } = parsed.data;
  return [
    {
      ...decision,
      atMs,
      ...(problem !== undefined && { problem }),
      feasibility: { kind: "unknown" },
      estimate: {},
      terms: [],
    },
  ];
}

export const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? { ...value } : {};
