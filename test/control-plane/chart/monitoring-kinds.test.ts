import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type ControlPlane, createControlPlane } from "../../../embedded/control-plane.ts";
import { createRunScope, type RunScope } from "../../../embedded/run-scope.ts";
import { chartTools } from "../../chart/chart-tools.ts";
import { configurations, monitored } from "../../chart/configurations.ts";
import { type Manifest, renderChart } from "../../chart/render-chart.ts";
import { moduleFolder } from "./module-folder.ts";

const tools = await chartTools();

/** Definitions as their own projects publish them. */
const definitions = [
  {
    module: "github.com/prometheus-operator/prometheus-operator@v0.93.0",
    folder: "example/prometheus-operator-crd",
    files: ["servicemonitors", "podmonitors", "prometheusrules", "alertmanagerconfigs"].map(
      (plural) => `monitoring.coreos.com_${plural}.yaml`,
    ),
  },
  {
    module: "github.com/grafana/grafana-operator/v5@v5.24.0",
    folder: "config/crd/bases",
    files: ["grafana.integreatly.org_grafanadashboards.yaml"],
  },
];
const apiVersions = ["monitoring.coreos.com/v1", "monitoring.coreos.com/v1alpha1"];
const isForeign = ({ apiVersion }: Manifest): boolean =>
  apiVersion.startsWith("monitoring.coreos.com/") || apiVersion.startsWith("grafana.integreatly.org/");

describe.skipIf("missing" in tools)("kinds of the Prometheus and Grafana operators", () => {
  let scope: RunScope;
  let controlPlane: ControlPlane;

  beforeAll(async () => {
    scope = await createRunScope();
    controlPlane = await createControlPlane(scope);
    await controlPlane.start();
    await controlPlane.kubectl("create", "namespace", "messaging");
    for (const { module, folder, files } of definitions) {
      const directory = join(await moduleFolder(module), folder);
      for (const file of files)
        await controlPlane.kubectl("apply", "--server-side", "-f", join(directory, file));
    }
    const established = 'jsonpath={.items[*].status.conditions[?(@.type=="Established")].status}';
    const isServed = async () => {
      expect(await controlPlane.kubectl("get", "crd", "-o", established)).toBe("True True True True True");
      const named = await controlPlane.kubectl("api-resources", "-o=name");
      expect(named.match(/\.(monitoring\.coreos\.com|grafana\.integreatly\.org)$/gm)).toHaveLength(5);
    };
    await vi.waitFor(isServed, { timeout: 60_000 });
  });
  afterAll(() => scope.stop());

  /** What the API server says of an object that has one more field than it should is an error, too. */
  const accept = async (name: string, manifests: readonly object[]): Promise<void> => {
    const file = join(scope.directory, `${name}.json`);
    await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: manifests }));
    await controlPlane.kubectl(
      "create",
      "--dry-run=server",
      "--validate=strict",
      "-n",
      "messaging",
      "-f",
      file,
    );
  };

  const whole = {
    alertmanagerConfig: {
      enabled: true,
      namespaces: ["messaging"],
      onCall: { existingSecret: "on-call" },
      chat: { existingSecret: "chat", channel: "#jobs" },
      mail: { to: "sre@example.com", username: "alerts", existingSecret: "mail" },
    },
    dashboards: { grafanaOperator: { enabled: true, folder: "Messaging" } },
  };
  const rendered = (values: object): readonly Manifest[] =>
    "missing" in tools
      ? []
      : renderChart(values as never, { helm: tools.helm4, apiVersions }).filter(isForeign);

  test.each([
    ["ServiceMonitor", { ...monitored("ServiceMonitor"), ...whole }],
    ["PodMonitor", { ...monitored("PodMonitor"), ...whole }],
    ["everything", { ...configurations["everything"], ...whole, monitoring: { scrape: "PodMonitor" } }],
  ])("accept what the chart makes for them: %s", async (name, values) => {
    const manifests = rendered(values);
    const kinds = new Set(manifests.map(({ kind }) => kind));
    expect(kinds).toContain(name === "everything" ? "PodMonitor" : name);
    expect(kinds).toContain("AlertmanagerConfig");
    expect(kinds).toContain("GrafanaDashboard");
    await accept(name, manifests);
  });

  test("refuse a field that is not theirs, as the check would otherwise show nothing", async () => {
    const monitor = rendered(monitored("ServiceMonitor")).find(({ kind }) => kind === "ServiceMonitor");
    const misspelt = { ...monitor, spec: { ...monitor?.spec, endpoint: [] } };
    await expect(accept("misspelt", [misspelt])).rejects.toThrow(/unknown field "(spec\.)?endpoint"/);
  });
});
