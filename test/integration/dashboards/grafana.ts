import { queryOf, type Variable } from "../../../dashboards/lint/dashboard.ts";
import { interpolate } from "../../../dashboards/lint/interpolation.ts";

/** A value of each variable: one, several, or All, which is sent as it is. */
export type Chosen = Readonly<Record<string, string | readonly string[] | typeof ALL>>;
export const ALL = Symbol("All");

export type TimeRange = {
  /** Seconds since 1970. */
  readonly from: number;
  readonly to: number;
};

/** Points on the screen: the step is never finer than this part of the range. */
const POINTS = 240;
/** Grafana's default for a data source of Prometheus. */
const SCRAPE_SECONDS = 15;

export const stepSeconds = ({ from, to }: TimeRange): number => Math.max(1, Math.ceil((to - from) / POINTS));

/** As Grafana escapes a value for the format "regex", in every version from 10 on. */
const escaped = (value: string): string => value.replace(/[\\^$*+?.()|[\]{}/]/g, String.raw`\$&`);

const asRegex = (value: Chosen[string] | undefined): string => {
  if (value === undefined) throw new Error("a variable without a value");
  if (value === ALL) return ".+";
  if (typeof value === "string") return escaped(value);
  const [only] = value;
  return value.length === 1 && only !== undefined ? escaped(only) : `(${value.map(escaped).join("|")})`;
};

/** A query as Grafana sends it. */
export const sentQuery = (expr: string, chosen: Chosen, range: TimeRange): string => {
  const step = stepSeconds(range);
  const built: Readonly<Record<string, string>> = {
    __interval: `${step}s`,
    __rate_interval: `${Math.max(step + SCRAPE_SECONDS, 4 * SCRAPE_SECONDS)}s`,
    __range: `${range.to - range.from}s`,
  };
  return interpolate(expr, ({ name, format }) => {
    const duration = built[name];
    if (duration !== undefined) return duration;
    if (format !== "regex") throw new Error(`the dashboards use no format ${format}`);
    return asRegex(chosen[name]);
  });
};

/** `label_values(selector, label)` in its parts. */
export const labelQuery = (variable: Variable): { readonly selector: string; readonly label: string } => {
  const [, selector = "", label = ""] = /^label_values\((.+), (\w+)\)$/.exec(queryOf(variable)) ?? [];
  return { selector, label };
};

/** What the dropdown offers of these values. */
export const offered = (variable: Variable, values: readonly string[]): readonly string[] => {
  const [, pattern = ""] = /^\/(.*)\/$/.exec(variable.regex ?? "") ?? [];
  return values.filter((value) => new RegExp(pattern).test(value));
};

const strict = (value: string): string =>
  encodeURIComponent(value).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** A link of a series or a row, with its labels filled in, as the browser gets it. */
export const linkOf = (url: string, chosen: Chosen, labels: Readonly<Record<string, string>>): URL => {
  const filled = interpolate(url, ({ name, path = "", format }) => {
    if (name === "__url_time_range") return "from=now-1h&to=now";
    if (format === "queryparam")
      return name === "datasource" ? "var-datasource=x" : `var-${name}=${strict(String(chosen[name]))}`;
    const value = labels[path.split(".").at(-1) ?? ""] ?? "";
    return format === "percentencode" ? strict(value) : encodeURI(value);
  });
  return new URL(filled, "https://grafana.example");
};

/** The values that a link chooses; All for those it says nothing of. */
export const chosenBy = (link: URL, variables: readonly Variable[]): Chosen =>
  Object.fromEntries(variables.map(({ name }) => [name, link.searchParams.get(`var-${name}`) ?? ALL]));
