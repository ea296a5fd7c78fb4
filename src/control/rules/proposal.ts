import type { LimitedBy } from "../contract.ts";
import type { Reason } from "../reason.ts";

/** A count on its way through the rules. */
export type Proposal = {
  readonly from: number;
  readonly to: number;
  readonly reason: Reason;
  readonly limitedBy: readonly LimitedBy[];
};

/**
 * A rule changes the count. Its reason becomes the verdict's when the count now stays or moves the other way; a rule
 * that only makes the step smaller leaves the reason for the step.
 */
export const changed = (proposal: Proposal, to: number, by: LimitedBy, reason: Reason): Proposal => {
  if (to === proposal.to) return proposal;
  const direction = Math.sign(to - proposal.from);
  const same = direction !== 0 && direction === Math.sign(proposal.to - proposal.from);
  return {
    from: proposal.from,
    to,
    reason:
      same && Math.abs(to - proposal.from) < Math.abs(proposal.to - proposal.from) ? proposal.reason : reason,
    limitedBy: proposal.limitedBy.includes(by) ? proposal.limitedBy : [...proposal.limitedBy, by],
  };
};

const PRECEDENCE: readonly LimitedBy[] = [
  "paused",
  "max",
  "min",
  "schedule",
  "floor",
  "fallback",
  "capacity",
  "ineffective",
  "scale-out-blocked",
  "scale-out-step",
  "scale-in-blocked",
  "rollout",
  "scale-in-hold",
  "scale-in-step",
];

/** The rules in order of precedence. */
export const inOrder = (limitedBy: readonly LimitedBy[]): readonly LimitedBy[] =>
  PRECEDENCE.filter((rule) => limitedBy.includes(rule));
