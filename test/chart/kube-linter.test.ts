import { describe, expect, test } from "vitest";
import { chartTools } from "./chart-tools.ts";
import { configurations, monitored, smallest } from "./configurations.ts";
import { kubeLinterProblems } from "./kube-linter.ts";
import { renderChart, type Values } from "./render-chart.ts";

const tools = await chartTools();
const problemsOf = (values: Values): readonly string[] =>
  kubeLinterProblems(renderChart(values, { helm: "missing" in tools ? "" : tools.helm4 }));

describe.skipIf("missing" in tools)("the checks of kube-linter", () => {
  test.each(Object.entries({ ...configurations, "with monitors": monitored("ServiceMonitor") }))(
    "find nothing: %s",
    (_name, values) => {
      expect(problemsOf(values)).toEqual([]);
    },
  );

  test.each([
    ["no-read-only-root-fs", { containerSecurityContext: { readOnlyRootFilesystem: false } }],
    ["privilege-escalation-container", { containerSecurityContext: { allowPrivilegeEscalation: true } }],
    ["privileged-container", { containerSecurityContext: { privileged: true } }],
    ["drop-net-raw-capability", { containerSecurityContext: { capabilities: { drop: ["CHOWN"] } } }],
    ["run-as-non-root", { podSecurityContext: { runAsNonRoot: false } }],
    ["unsafe-sysctls", { podSecurityContext: { sysctls: [{ name: "net.a", value: "1" }] } }],
    ["unset-memory-requirements", { operator: { resources: { limits: { memory: null } } } }],
    ["unset-cpu-requirements", { operator: { resources: { requests: { cpu: null } } } }],
    ["latest-tag", { image: { tag: "latest" } }],
    ["no-anti-affinity", { operator: { replicas: 2, affinity: { nodeAffinity: {} } } }],
    ["env-var-secret", { operator: { extraEnv: [{ name: "MY_SECRET", value: "x" }] } }],
    ["sensitive-host-mounts", { operator: { extraVolumes: [{ name: "a", hostPath: { path: "/etc" } }] } }],
    [
      "dangling-service",
      {
        extraObjects: [
          { apiVersion: "v1", kind: "Service", metadata: { name: "a" }, spec: { selector: { a: "b" } } },
        ],
      },
    ],
    ["non-existent-service-account", { operator: { serviceAccount: { create: false, name: "gone" } } }],
  ] as const)("find what was made wrong: %s", (check, values: Values) => {
    expect(problemsOf({ ...smallest, ...values }).join("\n")).toContain(check);
  });
});
