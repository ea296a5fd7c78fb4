/** The parts of Grafana's classic dashboard JSON that the rules and the tests look at. */
export type Datasource = { readonly type?: string; readonly uid?: string };

export type Target = {
  readonly refId: string;
  readonly expr?: string;
  readonly datasource?: Datasource;
  readonly instant?: boolean;
  readonly exemplar?: boolean;
  readonly legendFormat?: string;
};

type Link = { readonly title?: string; readonly url?: string };

export type Panel = {
  readonly id?: number;
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly datasource?: Datasource;
  readonly gridPos?: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
  readonly links?: readonly Link[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly noValue?: string;
      readonly links?: readonly Link[];
      readonly mappings?: readonly unknown[];
      readonly color?: { readonly mode?: string };
      readonly thresholds?: unknown;
    };
    readonly overrides: readonly {
      readonly properties: readonly { readonly id: string; readonly value?: unknown }[];
    }[];
  };
};

export type Variable = {
  readonly name: string;
  readonly type: string;
  readonly label?: string;
  readonly query?: string | { readonly query: string };
  readonly datasource?: Datasource;
  readonly refresh?: number;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly allValue?: string;
  readonly regex?: string;
};

export type Annotation = { readonly name: string; readonly expr?: string; readonly datasource?: Datasource };

export type Dashboard = {
  readonly uid?: string;
  readonly title?: string;
  readonly tags?: readonly string[];
  readonly editable?: boolean;
  readonly graphTooltip?: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly Annotation[] };
  readonly links?: readonly (Link & {
    readonly type?: string;
    readonly tags?: readonly string[];
    readonly keepTime?: boolean;
    readonly includeVars?: boolean;
  })[];
};

/** Panels that show something: no rows. */
export const panelsOf = ({ panels }: Dashboard): readonly Panel[] =>
  panels.filter(({ type }) => type !== "row");

export const queryOf = ({ query }: Variable): string =>
  typeof query === "string" ? query : (query?.query ?? "");

/** Links on series and cells, those of overrides included. */
export const dataLinksOf = ({ fieldConfig }: Panel): readonly Link[] => [
  ...(fieldConfig?.defaults.links ?? []),
  ...(fieldConfig?.overrides ?? []).flatMap(({ properties }) =>
    properties.flatMap(({ id, value }) => (id === "links" ? (value as readonly Link[]) : [])),
  ),
];

/** Every PromQL expression of a dashboard but those of variables, with the place where it stands. */
export const expressionsOf = (
  dashboard: Dashboard,
): readonly { readonly where: string; readonly expr: string }[] => [
  ...panelsOf(dashboard).flatMap(({ title = "", targets = [] }) =>
    targets.map(({ refId, expr = "" }) => ({ where: `panel "${title}", query ${refId}`, expr })),
  ),
  ...dashboard.annotations.list.map(({ name, expr = "" }) => ({ where: `annotation "${name}"`, expr })),
];
