import { OF_OPERATORS } from "./query.ts";

export const NO_OPERATOR = "No operator is scraped.";

/** One series an operator. */
export const perOperator = (gauge: string): string => `max by (instance) (${gauge}{${OF_OPERATORS}})`;
/** Increase of a counter of the chosen operators. */
export const increased = (counter: string, by: string): string =>
  `sum by (${by}) (increase(${counter}{${OF_OPERATORS}}[$__rate_interval]))`;

/** Of Node's own metrics, which everything that runs on it exports, those of the chosen operators. */
export const ofOperators = (expr: string): string =>
  `(${expr}) and on (job, instance) millrace_build_info{component="operator", ${OF_OPERATORS}}`;
