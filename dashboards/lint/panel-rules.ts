import * as units from "@grafana/grafana-foundation-sdk/units";
import { type Dashboard, dataLinksOf, type Panel, panelsOf } from "./dashboard.ts";
import { referencesIn } from "./interpolation.ts";
import type { Rule } from "./lint.ts";

const DATASOURCE = "${datasource}";
const COLUMNS = 24;
const COLOURED_BY_VALUE: readonly string[] = ["stat", "gauge", "bargauge", "table"];
const knownUnits = new Set<unknown>(Object.values(units));
/** What Grafana itself knows in links. */
const BUILT_IN = /^__(url_time_range|field|data)$/;

const named = (panel: Panel): string => `panel "${panel.title ?? ""}"`;
/** A rule about each panel by itself. */
const each = (name: string, problemsOf: (panel: Panel) => readonly string[]): Rule => ({
  name,
  check: (dashboard) =>
    panelsOf(dashboard).flatMap((panel) => problemsOf(panel).map((problem) => `${named(panel)} ${problem}`)),
});

const unitsOf = ({ fieldConfig }: Panel): readonly unknown[] => [
  fieldConfig?.defaults.unit,
  ...(fieldConfig?.overrides ?? []).flatMap(({ properties }) =>
    properties.filter(({ id }) => id === "unit").map(({ value }) => value),
  ),
];

export const panelRules: readonly Rule[] = [
  {
    // 6
    name: "panel-datasource-rule",
    check: (dashboard) => [
      ...panelsOf(dashboard).flatMap((panel) =>
        [panel, ...(panel.targets ?? [])]
          .filter(({ datasource }) => datasource?.uid !== DATASOURCE)
          .map(() => `${named(panel)} does not ask the chosen data source`),
      ),
      ...[...dashboard.annotations.list, ...dashboard.templating.list.filter(({ type }) => type === "query")]
        .filter(({ datasource }) => datasource?.uid !== DATASOURCE)
        .map(({ name }) => `"${name}" does not ask the chosen data source`),
    ],
  },
  // 7
  each("panel-title-description-rule", ({ title = "", description = "" }) =>
    title === "" || description === "" ? ["lacks a title or a description"] : [],
  ),
  // 8
  each("panel-units-rule", (panel) =>
    unitsOf(panel)
      .filter((unit) => !knownUnits.has(unit))
      .map((unit) => `has no unit of Grafana: ${String(unit)}`),
  ),
  // 9
  each("panel-no-targets-rule", ({ targets = [] }) => (targets.length === 0 ? ["asks nothing"] : [])),
  each("panel-no-value", ({ fieldConfig }) =>
    (fieldConfig?.defaults.noValue ?? "") === "" ? ["says nothing where there is no value"] : [],
  ),
  each("panel-colours", ({ type, fieldConfig: { defaults } = { defaults: {} } }) =>
    COLOURED_BY_VALUE.includes(type) && defaults.color === undefined && defaults.thresholds === undefined
      ? ["is red above 80, as Grafana has it where no colours are given"]
      : [],
  ),
  { name: "panel-identity", check: identities },
  { name: "panel-grid", check: grid },
  { name: "data-links", check: dataLinks },
];

function identities({ panels }: Dashboard): readonly string[] {
  const ids = panels.map(({ id }) => id);
  return panels
    .filter(({ id }, index) => id === undefined || ids.indexOf(id) !== index)
    .map((panel) => `${named(panel)} has no id of its own`);
}

function grid({ panels }: Dashboard): readonly string[] {
  const taken = new Set<string>();
  return panels.flatMap((panel) => {
    const { x, y, w, h } = panel.gridPos ?? { x: 0, y: 0, w: COLUMNS + 1, h: 0 };
    if (x + w > COLUMNS) return [`${named(panel)} is wider than the page`];
    const cells = Array.from(
      { length: w * h },
      (_cell, index) => `${x + (index % w)},${y + Math.floor(index / w)}`,
    );
    const overlaps = cells.some((cell) => taken.has(cell));
    for (const cell of cells) taken.add(cell);
    return overlaps ? [`${named(panel)} lies on another`] : [];
  });
}

/** Values in a link must be percent-encoded one by one: as a whole, `&` and `#` of a name would be parts of the URL. */
function dataLinks(dashboard: Dashboard): readonly string[] {
  const variables = new Set(dashboard.templating.list.map(({ name }) => name));
  return panelsOf(dashboard).flatMap((panel) =>
    dataLinksOf(panel).flatMap(({ url = "" }) =>
      referencesIn(url)
        .filter(({ name, format }) => {
          if (name === "__url_time_range") return false;
          if (BUILT_IN.test(name)) return format !== "percentencode";
          return !variables.has(name) || format !== "queryparam";
        })
        .map(({ name }) => `${named(panel)} puts ${name} into a link as it is, or does not know it`),
    ),
  );
}
