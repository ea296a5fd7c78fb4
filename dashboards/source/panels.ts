import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import { PanelBuilder as BarChartBuilder } from "@grafana/grafana-foundation-sdk/barchart";
import { PanelBuilder as BarGaugeBuilder } from "@grafana/grafana-foundation-sdk/bargauge";
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardLinkBuilder,
  type DataSourceRef,
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type ValueMapping,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import { HeatmapColorMode, HeatmapColorOptionsBuilder } from "@grafana/grafana-foundation-sdk/heatmap";
import { PanelBuilder as HeatmapBuilder, YAxisConfigBuilder } from "@grafana/grafana-foundation-sdk/heatmap";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as StateTimelineBuilder } from "@grafana/grafana-foundation-sdk/statetimeline";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeSeriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { datasource, type Query, refIdOf, type Style, targetOf } from "./query.ts";

/** What every panel says of itself. */
export type PanelText = {
  readonly title: string;
  /** What is shown and how to read it. */
  readonly description: string;
  readonly unit: string;
  /** Said instead of a value where there is none. */
  readonly empty: string;
  /** Of 24. */
  readonly width: number;
  /** Default 8. */
  readonly height?: number;
};

/** What the SDK's panels have in common. */
type PanelBuilder = {
  title(title: string): PanelBuilder;
  description(description: string): PanelBuilder;
  unit(unit: string): PanelBuilder;
  noValue(text: string): PanelBuilder;
  datasource(datasource: DataSourceRef): PanelBuilder;
  span(width: number): PanelBuilder;
  height(height: number): PanelBuilder;
  targets(targets: Builder<Dataquery>[]): PanelBuilder;
  overrideByQuery(refId: string, properties: DynamicConfigValue[]): PanelBuilder;
};

const styles: Readonly<Record<Style, readonly DynamicConfigValue[]>> = {
  limit: limitOf("linear"),
  "step-limit": limitOf("stepAfter"),
  steps: [{ id: "custom.lineInterpolation", value: "stepAfter" }],
  rate: [
    { id: "unit", value: "cps" },
    { id: "custom.axisPlacement", value: "right" },
    { id: "custom.fillOpacity", value: 0 },
  ],
  filled: [{ id: "custom.fillOpacity", value: 25 }],
};

function limitOf(interpolation: string): readonly DynamicConfigValue[] {
  return [
    { id: "custom.lineStyle", value: { fill: "dash", dash: [10, 10] } },
    { id: "custom.lineInterpolation", value: interpolation },
    { id: "custom.fillOpacity", value: 0 },
    { id: "custom.stacking", value: { mode: "none", group: "limits" } },
  ];
}

function dressed<B extends PanelBuilder>(panel: B, text: PanelText, queries: readonly Query[]): B {
  panel
    .title(text.title)
    .description(text.description)
    .unit(text.unit)
    .noValue(text.empty)
    .datasource(datasource)
    .span(text.width)
    .height(text.height ?? 8)
    .targets(queries.map(targetOf));
  for (const [index, { style }] of queries.entries())
    if (style !== undefined) panel.overrideByQuery(refIdOf(index), [...styles[style]]);
  return panel;
}

const legend = (): VizLegendOptionsBuilder =>
  new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom);
const tooltip = (): VizTooltipOptionsBuilder =>
  new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending);

export const lines = (text: PanelText, queries: readonly Query[]): TimeSeriesBuilder =>
  dressed(new TimeSeriesBuilder(), text, queries)
    .legend(legend())
    .tooltip(tooltip())
    .showPoints(VisibilityMode.Never)
    .fillOpacity(0)
    .axisSoftMin(0);

/** Areas on top of one another: what they have together is worth seeing too. */
export const stacked = (text: PanelText, queries: readonly Query[]): TimeSeriesBuilder =>
  lines(text, queries)
    .fillOpacity(25)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group("A"));

/** Events: bars of what happened in each interval. */
export const bars = (text: PanelText, queries: readonly Query[]): TimeSeriesBuilder =>
  stacked(text, queries).drawStyle(GraphDrawStyle.Bars).fillOpacity(80);

/** Where none is given Grafana paints whatever is above 80 red, in any unit. */
const plain = (color: string): FieldColorBuilder =>
  new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(color);
/** Of what is not known. */
export const GREY = "#6e7781";

/** The last value of each query. */
export const figures = (text: PanelText, queries: readonly Query[]): StatBuilder =>
  dressed(
    new StatBuilder(),
    text,
    queries.map((query) => ({ at: "end", ...query })),
  )
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false).fields(""))
    .graphMode(BigValueGraphMode.None)
    .colorScheme(plain("text"))
    .colorMode(BigValueColorMode.Value)
    .textMode(BigValueTextMode.ValueAndName);

/** Words on a coloured ground; grey where there is no answer. */
export const words = (
  text: PanelText,
  queries: readonly Query[],
  mapping: readonly ValueMapping[],
): StatBuilder =>
  figures(text, queries)
    .mappings([...mapping])
    .colorScheme(plain(GREY))
    .colorMode(BigValueColorMode.Background)
    .textMode(BigValueTextMode.Value);

export const gauges = (text: PanelText, queries: readonly Query[]): BarGaugeBuilder =>
  dressed(
    new BarGaugeBuilder(),
    text,
    queries.map((query) => ({ at: "end", ...query })),
  )
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false).fields(""))
    .orientation(VizOrientation.Horizontal)
    .displayMode(BarGaugeDisplayMode.Basic)
    .colorScheme(plain("blue"))
    .min(0);

/** One line of states for each series. */
export const states = (
  text: PanelText,
  queries: readonly Query[],
  mapping: readonly ValueMapping[],
): StateTimelineBuilder =>
  dressed(new StateTimelineBuilder(), text, queries)
    .mappings([...mapping])
    .legend(legend())
    .tooltip(tooltip())
    .mergeValues(true)
    .perPage(20)
    .fillOpacity(70)
    .showValue(VisibilityMode.Auto);

export const heatmap = (text: PanelText, query: Query): HeatmapBuilder =>
  dressed(new HeatmapBuilder(), text, [{ format: "heatmap", legend: "{{le}}", ...query }])
    .calculate(false)
    .yAxis(new YAxisConfigBuilder().unit(text.unit))
    .color(new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme("Oranges").steps(64));

/** Bars side by side, one group for each value of the field `x`. */
export const barChart = (text: PanelText, queries: readonly Query[], x: string): BarChartBuilder =>
  dressed(
    new BarChartBuilder(),
    text,
    queries.map((query) => ({ at: "end", format: "table", ...query })),
  )
    .xField(x)
    .legend(legend())
    .tooltip(tooltip());

export const table = (text: PanelText, queries: readonly Query[]): TableBuilder =>
  dressed(
    new TableBuilder(),
    text,
    queries.map((query) => ({ at: "end", format: "table", ...query })),
  )
    .colorScheme(plain("text"))
    .filterable(true);

/** A link on a series or a cell; the page opens in the same tab. */
export const dataLink = (title: string, url: string): DashboardLinkBuilder =>
  new DashboardLinkBuilder(title).url(url);

/** Words and colours of single values. */
export const wordsOf = (
  values: Readonly<Record<string, { readonly text: string; readonly color: string }>>,
): readonly ValueMapping[] => [
  {
    type: MappingType.ValueToText,
    options: Object.fromEntries(
      Object.entries(values).map(([value, result], index) => [value, { ...result, index }]),
    ),
  },
];

/** Words and colours of ranges; each ends where the next begins. */
export const wordsFrom = (
  ranges: readonly { readonly from: number; readonly text: string; readonly color: string }[],
): readonly ValueMapping[] =>
  ranges.map(({ from, ...result }, index) => ({
    type: MappingType.RangeToText,
    options: { from, to: ranges[index + 1]?.from ?? null, result: { ...result, index } },
  }));
