import type { Rule } from "./lint.ts";
import { type Variable, queryOf } from "./dashboard.ts";
import { promqlErrors } from "./promql.ts";

const LABEL_VALUES = /^label_values\((?<selector>.+), (?<label>[a-z_]+)\)$/;

const queryVariables = (variables: readonly Variable[]): readonly Variable[] =>
  variables.filter(({ type }) => type === "query");

export const variableRules: readonly Rule[] = [
  {
    // 1
    name: "template-datasource-rule",
    check({ templating }) {
      const [first] = templating.list;
      const right =
        first?.type === "datasource" &&
        first.name === "datasource" &&
        first.label === "Data source" &&
        first.query === "prometheus";
      return right
        ? []
        : ['the first variable is not the data source, called "datasource", labelled "Data source"'];
    },
  },
  {
    // 4
    name: "template-label-promql-rule",
    check: ({ templating }) =>
      queryVariables(templating.list).flatMap((variable) => {
        const { selector } = LABEL_VALUES.exec(queryOf(variable))?.groups ?? {};
        if (selector === undefined)
          return [`variable ${variable.name}: "${queryOf(variable)}" is no label_values()`];
        return promqlErrors(selector).map((error) => `variable ${variable.name}: no PromQL near ${error}`);
      }),
  },
  {
    // 5
    name: "template-on-time-change-reload-rule",
    check: ({ templating }) =>
      queryVariables(templating.list)
        .filter(({ refresh }) => refresh !== 2)
        .map(({ name }) => `variable ${name} keeps its values when the time changes`),
  },
  {
    name: "template-all-value",
    check: ({ templating }) =>
      queryVariables(templating.list)
        .filter(({ allValue }) => allValue !== ".+")
        .map(
          ({ name }) =>
            `variable ${name}: All is a list of all values, which is too long for a query; set .+`,
        ),
  },
  {
    name: "template-backtick",
    check: ({ templating }) =>
      queryVariables(templating.list)
        .filter(({ regex }) => regex !== "/^[^`]*$/")
        .map(({ name }) => `variable ${name} offers values with a backtick, which ends a raw string`),
  },
  {
    name: "template-named",
    check: ({ templating }) =>
      templating.list
        .filter(({ label = "" }) => label === "")
        .map(({ name }) => `variable ${name} has no label`),
  },
];
