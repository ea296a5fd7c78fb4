import type { Reason } from "../reason.ts";
import type { Settings } from "../settings.ts";
import { changed, inOrder, type Proposal } from "./proposal.ts";

/** What stands in the way of a scale-in, in the order in which it is told. */
type InGates = {
  readonly rollout: boolean;
  /** Jobs wait, others are in progress, and none has ended for a while. */
  readonly stalled: boolean;
  readonly complete: boolean;
  readonly warm: boolean;
  readonly agreed: boolean;
  /** Largest wish of the hold; undefined while it was not watched throughout. */
  readonly held: number | undefined;
  /** A person raised the count less than a hold ago. */
  readonly raisedByHand: boolean;
  /** Least count that interrupts no job that could finish. */
  readonly leastWithoutInterruption: number;
};

type OutGates = {
  /** Those asked for before do not come: not created, without a node, or not starting. */
  readonly capacityBlocked: boolean;
  /** Replicas that fail to start: others are not asked for in their place. */
  readonly failing: number;
  /** What the breaker allows. */
  readonly limit: number | undefined;
  /** An order was placed a moment ago. */
  readonly pacing: boolean;
};

export type DecideInput = {
  readonly settings: Settings;
  readonly from: number;
  readonly recommended: number;
  readonly reason: Reason;
  /** The recommendation rests on the idle rule, which has its own hold. */
  readonly idle: boolean;
  /** The fallback's count while it is active. */
  readonly fallback: number | undefined;
  readonly in: InGates;
  readonly out: OutGates;
};

/** What the policy wants, as the hold and the second sample see it: before anything that stands in the way of a step. */
export const wantedReplicas = (input: Omit<DecideInput, "in" | "fallback">): number =>
  bounded(raised(policyProposal(input), input.settings), input.settings).to;

/** The policy's count within what the breaker and the cluster allow. */
const policyProposal = (input: Omit<DecideInput, "in" | "fallback">): Proposal => {
  const { from, recommended, reason, out } = input;
  let proposal: Proposal = { from, to: recommended, reason, limitedBy: [] };
  if (out.limit !== undefined && proposal.to > out.limit) {
    proposal = changed(proposal, out.limit, "ineffective", "ineffective");
  }
  const least = out.capacityBlocked ? from : Math.max(from, proposal.to - out.failing);
  if (proposal.to > least) proposal = changed(proposal, least, "capacity", "capacity");
  if (out.pacing && proposal.to > from) {
    proposal = changed(proposal, from, "scale-out-blocked", "scale-out-pacing");
  }
  return proposal;
};

const base = (input: DecideInput): Proposal =>
  input.fallback === undefined
    ? policyProposal(input)
    : { from: input.from, to: input.fallback, reason: "fallback", limitedBy: ["fallback"] };

/** Schedule and floor may ask for more, never for less. */
const raised = (proposal: Proposal, { schedules, floor }: Settings): Proposal => {
  const scheduled = schedules.reduce(
    (most, { active, minReplicas }) => (active ? Math.max(most, minReplicas) : most),
    0,
  );
  const higher = proposal.to < scheduled ? changed(proposal, scheduled, "schedule", "schedule") : proposal;
  const floored = Math.ceil(floor?.replicas ?? 0);
  return higher.to < floored ? changed(higher, floored, "floor", "floor") : higher;
};

const outward = (proposal: Proposal, { scaleOutEnabled, scaleOutMaxStep, min }: Settings): Proposal => {
  const { from } = proposal;
  if (!scaleOutEnabled) {
    return changed(
      proposal,
      Math.min(proposal.to, Math.max(from, min)),
      "scale-out-blocked",
      "scale-out-disabled",
    );
  }
  return changed(proposal, Math.min(proposal.to, from + scaleOutMaxStep), "scale-out-step", proposal.reason);
};

/** Why nothing may be removed now, if so. */
const blockedBy = (gates: InGates): Reason | undefined => {
  if (gates.rollout) return "rollout";
  if (!gates.complete) return "signals-incomplete";
  if (gates.stalled) return "stalled";
  if (!gates.warm) return "warming-up";
  return gates.agreed ? undefined : "unconfirmed";
};

const held = (proposal: Proposal, input: DecideInput): Proposal => {
  const { in: gates, from } = input;
  if (gates.raisedByHand) return changed(proposal, from, "scale-in-hold", "scale-in-hold");
  if (input.idle) return proposal;
  const least = Math.min(from, gates.held ?? from);
  return changed(proposal, Math.max(proposal.to, least), "scale-in-hold", "scale-in-hold");
};

const gated = (proposal: Proposal, input: DecideInput): Proposal => {
  const { in: gates, from } = input;
  const blocked = blockedBy(gates);
  if (blocked !== undefined) {
    return changed(proposal, from, blocked === "rollout" ? "rollout" : "scale-in-blocked", blocked);
  }
  const after = held(proposal, input);
  const least = Math.min(from, gates.leastWithoutInterruption);
  return changed(after, Math.max(after.to, least), "scale-in-blocked", "waiting-for-idle");
};

const inward = (proposal: Proposal, input: DecideInput): Proposal => {
  const { settings, from } = input;
  if (!settings.scaleInEnabled) {
    return changed(proposal, from, "scale-in-blocked", "scale-in-disabled");
  }
  const allowed = input.fallback === undefined ? gated(proposal, input) : proposal;
  return changed(
    allowed,
    Math.max(allowed.to, from - settings.scaleInMaxStep),
    "scale-in-step",
    "scale-in-step",
  );
};

const bounded = (proposal: Proposal, { min, max }: Settings): Proposal => {
  const lifted = proposal.to < min ? changed(proposal, min, "min", "min") : proposal;
  return lifted.to > max ? changed(lifted, max, "max", "max") : lifted;
};

const paused = (proposal: Proposal, input: DecideInput): Proposal => ({
  from: proposal.from,
  to: input.settings.paused?.replicas ?? proposal.from,
  reason: "paused",
  limitedBy: ["paused"],
});

/**
 * The count after all rules: paused over max over min over schedule and floor over fallback over policy; then what
 * stands in the way of the step, and its size. min and max bind last, so that nothing crosses them.
 */
export const decide = (input: DecideInput): Proposal => {
  const { settings, from } = input;
  const wanted = raised(base(input), settings);
  if (settings.paused !== undefined) return paused(wanted, input);
  const inside = bounded(wanted, settings);
  const stepped =
    inside.to > from ? outward(inside, settings) : inside.to < from ? inward(inside, input) : inside;
  const result = bounded(stepped, settings);
  return { ...result, limitedBy: inOrder(result.limitedBy) };
};
