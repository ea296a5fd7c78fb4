import { no, pascal, type State, yes } from "./condition-state.ts";
import type { Facts } from "./conditions.ts";
import { instant } from "./instant.ts";

/** Whether something other than the load keeps the count up, and what would help. */
export function scaleInBlocked(facts: Facts, nowMs: number): State {
  const { verdict } = facts.latest ?? {};
  if (verdict === undefined) return no("NotBlocked", "Nothing keeps the count up but the load.");
  const { limitedBy, reason, explanation } = verdict;
  if (!limitedBy.includes("scale-in-blocked") && !limitedBy.includes("rollout"))
    return no("NotBlocked", "Nothing keeps the count up but the load.");
  const remedy = keptForPerson(facts, nowMs) ?? remedyOf(facts, reason);
  return yes(pascal(reason), remedy === undefined ? explanation : `${explanation} ${remedy}`);
}

/** The control step is told of it as of a scale-in that is switched off. */
function keptForPerson({ count, latest }: Facts, nowMs: number): string | undefined {
  const isRaised = latest?.verdict?.reason === "scale-in-disabled" && nowMs < (count?.raisedUntilMs ?? 0);
  return isRaised
    ? `A person set or held this count; it is kept until ${instant(count?.raisedUntilMs ?? 0)}.`
    : undefined;
}

function remedyOf({ latest }: Facts, reason: string): string | undefined {
  const { readings, fleet } = latest ?? {};
  if (reason === "signals-incomplete") {
    const isBlind = readings?.queues.some(
      ({ broker, workers }) => broker !== undefined && broker.unacked === undefined && workers === undefined,
    );
    return isBlind
      ? "Over AMQP alone nobody can tell whether a job is being worked on: give the operator the broker's management API, or let Prometheus scrape the workers' metrics."
      : undefined;
  }
  const isUndirected =
    reason === "waiting-for-idle" && readings !== undefined && readings.fleet.idle === undefined;
  if (!isUndirected) return undefined;
  const canChoose = fleet?.kind === "observed" && fleet.victims !== undefined;
  return canChoose
    ? "Which replica holds the jobs cannot be told: the workers' metrics need the pod's name, or the broker's management API must list the consumers' own addresses."
    : "This kind of target chooses by itself which replica goes, so all must be idle; a termination grace longer than the jobs helps too.";
}
