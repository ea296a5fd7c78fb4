import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { chartTools } from "./chart-tools.ts";
import { smallest } from "./configurations.ts";
import { type Manifest, renderChart, RenderError, type Values } from "./render-chart.ts";

const tools = await chartTools();
const helms = "missing" in tools ? {} : { "Helm 3": tools.helm3, "Helm 4": tools.helm4 };
const helm = "missing" in tools ? "" : tools.helm4;

const folder = fileURLToPath(new URL("../../dashboards/", import.meta.url));
const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
const MIB = 1_048_576;

const objectsOf = (
  kind: string,
  dashboards: Values,
  program = helm,
  more: Values = {},
): readonly Manifest[] =>
  renderChart({ ...smallest, ...more, dashboards }, { helm: program }).filter(
    (one) => one.kind === kind && one.metadata.name.endsWith("-dashboard"),
  );

describe.skipIf("missing" in tools)("the chart's dashboards", () => {
  test.each(Object.entries(helms))(
    "are those of the folder, each in a ConfigMap, with %s",
    (_name, program) => {
      const maps = objectsOf("ConfigMap", {}, program);
      expect(maps.map(({ data }) => data)).toEqual(
        files.map((file) => ({
          [`millrace-${file}`]: readFileSync(join(folder, file), "utf8"),
        })),
      );
    },
  );

  test("are small enough for a ConfigMap", () => {
    for (const map of objectsOf("ConfigMap", {}))
      expect(Buffer.byteLength(JSON.stringify(map))).toBeLessThan(MIB);
  });

  test("carry the label that kube-prometheus-stack and Grafana's own chart look for", () => {
    for (const { metadata } of objectsOf("ConfigMap", {}))
      expect(metadata.labels).toMatchObject({ grafana_dashboard: "1", "app.kubernetes.io/name": "millrace" });
  });

  test("take another label, namespace and annotations", () => {
    const other = {
      label: "dashboards",
      labelValue: "yes",
      namespace: "monitoring",
      annotations: { grafana_folder: "Messaging" },
    };
    const maps = objectsOf("ConfigMap", other);
    expect(maps).toHaveLength(files.length);
    for (const { metadata } of maps) {
      expect(metadata).toMatchObject({
        namespace: "monitoring",
        labels: { dashboards: "yes" },
        annotations: { grafana_folder: "Messaging" },
      });
      expect(metadata.labels).not.toHaveProperty("grafana_dashboard");
    }
  });

  test("are left out when told so, but for those that the stack's own Grafana mounts, which stay beside it", () => {
    expect(objectsOf("ConfigMap", { enabled: false })).toEqual([]);
    const stack = { stack: { enabled: true } };
    const mounted = objectsOf("ConfigMap", { enabled: false, namespace: "monitoring" }, helm, stack);
    expect(mounted.map(({ metadata }) => metadata.namespace)).toEqual(files.map(() => "messaging"));
  });

  test("lead to the documents at the address that runbooks have, whatever is in it", () => {
    const address = 'https://wiki.example/a"b&c';
    const [map] = objectsOf("ConfigMap", {}, helm, { rules: { runbookBaseUrl: address } });
    const [text = ""] = Object.values(map?.data ?? {});
    const { links } = JSON.parse(text) as { links: readonly { readonly url?: string }[] };
    expect(links.flatMap(({ url }) => url ?? [])).toEqual([
      `${address}/docs/dashboards.md`,
      `${address}/docs/alerts.md`,
    ]);
    expect(text).not.toContain("localhost");
  });

  test("have a GrafanaDashboard each where the Grafana Operator is used, and only there", () => {
    expect(objectsOf("GrafanaDashboard", {})).toEqual([]);
    const grafanaOperator = {
      enabled: true,
      folder: "Messaging",
      instanceSelector: { matchLabels: { grafana: "shop" } },
    };
    const dashboards = objectsOf("GrafanaDashboard", { grafanaOperator, namespace: "monitoring" });
    const maps = objectsOf("ConfigMap", { grafanaOperator, namespace: "monitoring" });
    expect(
      dashboards.map(({ apiVersion, metadata, spec }) => [apiVersion, metadata.namespace, spec]),
    ).toEqual(
      maps.map(({ metadata, data }) => [
        "grafana.integreatly.org/v1beta1",
        "monitoring",
        {
          // The selector of the default is merged with one's own, as Helm does with maps.
          instanceSelector: { matchLabels: { dashboards: "grafana", grafana: "shop" } },
          allowCrossNamespaceImport: true,
          resyncPeriod: "10m",
          folder: "Messaging",
          configMapRef: { name: metadata.name, key: Object.keys(data ?? {})[0] },
        },
      ]),
    );
    expect(dashboards.every(({ metadata }) => metadata.labels?.["grafana_dashboard"] === undefined)).toBe(
      true,
    );
  });

  test("refuse a namespace that is none and a period that is none", () => {
    expect(() => objectsOf("ConfigMap", { namespace: "Not One" })).toThrow(RenderError);
    expect(() => objectsOf("ConfigMap", { grafanaOperator: { resyncPeriod: "often" } })).toThrow(RenderError);
  });
});
