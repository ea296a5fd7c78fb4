import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { datasource } from "./query.ts";

export const datasourceVariable = (): DatasourceVariableBuilder =>
  new DatasourceVariableBuilder("datasource").label("Data source").type("prometheus");

type Choice = {
  readonly label: string;
  /** Series that have the label. */
  readonly of: string;
  /** Several at a time and All; otherwise exactly one. */
  readonly several: boolean;
};

/** A variable with the values of the label of the same name. */
export const labelVariable = (name: string, { label, of, several }: Choice): QueryVariableBuilder => {
  const query = `label_values(${of}, ${name})`;
  const variable = new QueryVariableBuilder(name)
    .label(label)
    .datasource(datasource)
    .query({ query, refId: "variable" })
    .definition(query)
    // A raw string of PromQL cannot hold a backtick: such a name is shown with All, and cannot be chosen by itself.
    .regex("/^[^`]*$/")
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalCaseInsensitiveAsc)
    .multi(several)
    .includeAll(several)
    // Also where it cannot be chosen: the links of the set hand on what was chosen elsewhere.
    .allValue(".+");
  return several ? variable.current({ text: ["All"], value: ["$__all"] }) : variable;
};
