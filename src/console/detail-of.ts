import type { Autoscaler } from "../operator/autoscaler.ts";
import type { NumberedDecision } from "../operator/decision-log.ts";
import { whatWouldChange } from "../operator/explanation.ts";
import type { Decision, Detail, QueueSignal, Series } from "./contract.ts";
import { type Moment, summaryOf } from "./summary-of.ts";

export type DetailScene = {
  readonly moment: Moment;
  readonly notes: readonly string[];
  /** At most `limit` decisions, those before the one of this number. */
  readonly page: { readonly limit: number; readonly before: number | undefined };
  readonly series: Series | undefined;
};

/** Everything about one autoscaler, but of its decisions one page. */
export function detailOf(autoscaler: Autoscaler, { moment, notes, page, series }: DetailScene): Detail {
  const { resource, conditions, latest, decisions } = autoscaler;
  const verdict = latest?.verdict;
  const summary = summaryOf(autoscaler, moment);
  return {
    serverTime: new Date(moment.nowMs).toISOString(),
    summary,
    spec: resource.spec,
    conditions,
    signals: signalsOf(autoscaler),
    ...(verdict !== undefined && { verdict }),
    wouldChange: whatWouldChange({
      spec: resource.spec,
      status: { conditions },
      verdict,
      lookedAt: summary.lookedAt,
    }),
    notes,
    decisions: decisions.page(page.limit, page.before).map(decisionView),
    decisionCount: decisions.count,
    ...(series !== undefined && { series }),
  };
}

/** An id cannot be taken apart again, as each of its parts may hold a slash. */
function signalsOf({ latest, queues }: Autoscaler): readonly QueueSignal[] {
  const refs = new Map(queues.map(({ ref }) => [ref.key, ref]));
  return (latest?.readings?.queues ?? []).map((reading) => {
    const ref = refs.get(reading.id);
    if (ref === undefined) return reading;
    const { broker, vhost, name } = ref;
    return { ...reading, queue: { broker, vhost, name } };
  });
}

function decisionView({ seq, decision: { atMs, ...decision } }: NumberedDecision): Decision {
  return { seq, time: new Date(atMs).toISOString(), ...decision };
}
