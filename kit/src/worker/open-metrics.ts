import { Registry } from "prom-client";

/** What the registry asks a metric for when it writes text. */
type Readable = { get(): Promise<Read>; getForPromString?(): Promise<Read> };
type Read = { readonly name: string; readonly type: unknown };

const MEDIA_TYPE = "application/openmetrics-text";
const TEXT = "text/plain";
const ANY = "*/*";

/** Whether a scraper rather has OpenMetrics than Prometheus' text, by its Accept header. */
export function prefersOpenMetrics(accept = ""): boolean {
  const openMetrics = qualityOf(MEDIA_TYPE, accept);
  return openMetrics > 0 && openMetrics >= Math.max(qualityOf(TEXT, accept), qualityOf(ANY, accept));
}

function qualityOf(mediaType: string, accept: string): number {
  const qualities = accept.split(",").map((offer) => {
    const [name, ...parameters] = offer.split(";").map((part) => part.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    return name === mediaType ? Number(quality ?? 1) : 0;
  });
  return Math.max(...qualities);
}

/**
 * The same series as in the registry's own text, with exemplars. prom-client's own way to OpenMetrics renames the
 * counters of the registry for good, and gives those without `_total`, as an application may have them, another name.
 */
export function openMetricsOf(registry: Registry): Promise<string> {
  const view = Object.create(registry, {
    contentType: { value: Registry.OPENMETRICS_CONTENT_TYPE },
    getMetricsAsArray: { value: () => registry.getMetricsAsArray().map(viewOf) },
  }) as Registry;
  return view.metrics();
}

function viewOf(metric: object): Readable {
  const readable = metric as Readable; // prom-client's types leave out how it reads its metrics
  return {
    async get() {
      const read = await (readable.getForPromString?.() ?? readable.get());
      if (read.type !== "counter") return read;
      const family = read.name.replace(/_total$/, "");
      return family === read.name ? { ...read, type: "unknown" } : { ...read, name: family };
    },
  };
}
