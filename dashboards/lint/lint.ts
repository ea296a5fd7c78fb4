import type { Dashboard } from "./dashboard.ts";
import { identityRules } from "./identity-rules.ts";
import { panelRules } from "./panel-rules.ts";
import { queryRules } from "./query-rules.ts";
import { variableRules } from "./variable-rules.ts";

/** What must hold for every dashboard. */
export type Rule = {
  /** That of Grafana's dashboard-linter where it has the rule, else our own. */
  readonly name: string;
  /** What is wrong, each with its place. */
  readonly check: (dashboard: Dashboard) => readonly string[];
};

/**
 * Of dashboard-linter's rules those about `job` and `instance` (2, 3, 14, 15) are left out: series of autoscalers and
 * queues are told apart by namespace, autoscaler and queue, and are the same whichever operator exports them. Those
 * about Loki (10, 11) have nothing to look at.
 */
export const rules: readonly Rule[] = [...identityRules, ...variableRules, ...panelRules, ...queryRules];

/** @returns `rule: what is wrong`, none where all is well */
export const lintDashboard = (dashboard: Dashboard): readonly string[] =>
  rules.flatMap(({ name, check }) => check(dashboard).map((problem) => `${name}: ${problem}`));
