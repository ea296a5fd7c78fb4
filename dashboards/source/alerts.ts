import { readFileSync } from "node:fs";
import { parse } from "yaml";

type Alert = { readonly alert: string; readonly expr: string };
type RuleFile = {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Alert[] }[];
};

const file = new URL("../../manifests/rules/alerts.yaml", import.meta.url);
const { groups } = parse(readFileSync(file, "utf8")) as RuleFile;
const OPERATOR_GROUP = "millrace.operator.alerts";

/** Names of the alerts about the operator itself; their series have no autoscaler. */
export const operatorAlerts: readonly string[] = groups
  .filter(({ name }) => name === OPERATOR_GROUP)
  .flatMap(({ rules }) => rules.map(({ alert }) => alert));

/** Names of the alerts about autoscalers, their queues and workers. */
export const autoscalerAlerts: readonly string[] = groups
  .filter(({ name }) => name !== OPERATOR_GROUP)
  .flatMap(({ rules }) => rules.map(({ alert }) => alert));

/**
 * The expression of an alert as it stands in the rules, without its "for".
 *
 * @throws Error where no alert is called so
 */
export const alertExpr = (name: string): string => {
  const found = groups.flatMap(({ rules }) => rules).find(({ alert }) => alert === name);
  if (found === undefined) throw new Error(`manifests/rules/alerts.yaml has no alert ${name}`);
  return found.expr;
};

/** The series of those of these alerts that fire. */
export const firing = (alerts: readonly string[], matchers = ""): string =>
  `ALERTS{alertstate="firing", alertname=~"${alerts.join("|")}"${matchers}}`;
