import { spawnSync } from "node:child_process";
import { devNull } from "node:os";
import { describe, expect, test } from "vitest";
import { chartTools } from "./chart-tools.ts";
import { monitored, smallest } from "./configurations.ts";
import { chartFolder, type Values } from "./render-chart.ts";

const tools = await chartTools();
const prometheus = { url: "http://prometheus:9090" };

/** What a person reads after the installation. Helm 3 without a cluster believes in one that is too old for the chart. */
const notesOf = (values: Values): string => {
  const helm = "missing" in tools ? "" : tools.helm4;
  const args = [
    "install",
    "demo",
    chartFolder,
    "--namespace",
    "messaging",
    "--dry-run=client",
    "--values",
    "-",
  ];
  const env = { ...process.env, KUBECONFIG: devNull };
  const { stdout } = spawnSync(helm, args, { input: JSON.stringify(values), encoding: "utf8", env });
  return stdout.slice(stdout.indexOf("NOTES:"));
};

describe.skipIf("missing" in tools)("the notes", () => {
  test("name the next three commands, and complain of nothing when all is well", () => {
    const notes = notesOf({ ...smallest, prometheus });
    expect(notes).toContain("helm test demo --namespace messaging");
    expect(notes).toContain("kubectl apply --namespace default");
    expect(notes).toContain("kubectl get workerautoscalers");
    expect(notes).not.toMatch(/WARNING|NOTE:/);
  });

  test("apply to the namespace that is watched", () => {
    const rbac = { scope: "namespace", watchNamespaces: ["shop", "mail"] };
    expect(notesOf({ ...smallest, rbac })).toContain("it works in: shop, mail");
    expect(notesOf({ ...smallest, rbac })).toContain("kubectl apply --namespace shop");
  });

  test.each([
    [
      "monitors that nobody reads",
      monitored("ServiceMonitor"),
      "does not have the Prometheus Operator's definitions",
    ],
    ["rules that nobody reads", { ...smallest, rules: { enabled: true } }, "rules.enabled is true"],
    ["no Prometheus", smallest, "prometheus.url is empty"],
    ["no broker", { prometheus }, "replicas.min should be 1 or more"],
    [
      "autoscalers that go with the chart",
      { ...smallest, crds: { keep: false } },
      "deletes every WorkerAutoscaler",
    ],
  ] as const)("warn of %s", (_what, values: Values, told) => {
    expect(notesOf(values)).toContain(told);
  });
});
