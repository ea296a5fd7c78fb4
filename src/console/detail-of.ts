import type { Autoscaler } from "../operator/autoscaler.ts";
import type { NumberedDecision } from "../operator/decision-log.ts";
import { whatWouldChange } from "../operator/explanation.ts";
import type { Decision, Detail, Series } from "./contract.ts";
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
  return {
    serverTime: new Date(moment.nowMs).toISOString(),
    summary: summaryOf(autoscaler, moment),
    spec: resource.spec,
    conditions,
    signals: latest?.readings?.queues ?? [],
    ...(verdict !== undefined && { verdict }),
    wouldChange: whatWouldChange({ spec: resource.spec, status: { conditions }, verdict }),
    notes,
    decisions: decisions.page(page.limit, page.before).map(decisionView),
    decisionCount: decisions.count,
    ...(series !== undefined && { series }),
  };
}

function decisionView({ seq, decision: { atMs, ...decision } }: NumberedDecision): Decision {
  return { seq, time: new Date(atMs).toISOString(), ...decision };
}
