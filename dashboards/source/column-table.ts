import type { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { type PanelText, table } from "./panels.ts";
import { refIdOf } from "./query.ts";

export type Column = {
  readonly name: string;
  /** One value for each set of values of the table's labels. */
  readonly expr: string;
  readonly unit: string;
};

/** A row for each set of values of the labels `by`, with one column for each query. */
export const columnTable = (
  text: Omit<PanelText, "unit">,
  by: readonly string[],
  columns: readonly Column[],
): TableBuilder => {
  const fields = columns.map((_column, index) => `Value #${refIdOf(index)}`);
  const panel = table(
    { unit: "none", ...text },
    columns.map(({ expr }) => ({ expr })),
  )
    .withTransformation({ id: "merge", options: {} })
    .withTransformation({
      id: "organize",
      options: {
        excludeByName: { Time: true },
        indexByName: Object.fromEntries([...by, ...fields].map((field, index) => [field, index])),
        renameByName: Object.fromEntries(fields.map((field, index) => [field, columns[index]?.name])),
      },
    });
  for (const { name, unit } of columns)
    if (unit !== "none") panel.overrideByName(name, [{ id: "unit", value: unit }]);
  return panel;
};
