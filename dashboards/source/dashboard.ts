import { createHash } from "node:crypto";
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  type AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  type Panel,
  RowBuilder,
  type VariableModel,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { setLinks, TAG } from "./links.ts";

export type Row = { readonly title: string; readonly panels: readonly Builder<Panel>[] };

export type DashboardParts = {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Builder<VariableModel>[];
  readonly annotations: readonly AnnotationQueryBuilder[];
  /** The panels above the first row: the answers. */
  readonly top: readonly Builder<Panel>[];
  readonly rows: readonly Row[];
};

/** Grafana's classic JSON, which file provisioning and sidecars of Grafana 10 to 13 load. */
export const dashboardJson = (parts: DashboardParts): string => {
  const dashboard = new DashboardBuilder(parts.title)
    .uid(parts.uid)
    .description(parts.description)
    .tags([TAG])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: "now-3h", to: "now" })
    .refresh("30s")
    .variables([...parts.variables])
    .annotations([...parts.annotations])
    .links([...setLinks()]);
  for (const panel of parts.top) dashboard.withPanel(panel);
  for (const { title, panels } of parts.rows) {
    dashboard.withRow(new RowBuilder(title));
    for (const panel of panels) dashboard.withPanel(panel);
  }
  const built = dashboard.build();
  const panels = (built.panels ?? []).map((panel) => ({ ...panel, id: idOf(panel.title ?? "") }));
  // "inControlsMenu", the SDK's default, would hide links and annotations in a menu.
  const shown = (key: string, value: unknown): unknown =>
    key === "placement" && value === "inControlsMenu" ? undefined : value;
  return `${JSON.stringify({ ...built, panels }, shown, 2)}\n`;
};

/** 31 bits from the title, so that links to a panel go on leading to it when others come or move. */
const idOf = (title: string): number => createHash("sha256").update(title).digest().readUInt32BE() >>> 1;
