import { expect, test } from "vitest";
import { isOnKubernetes, parseKubernetesFlags } from "./kubernetes-settings.ts";
import type { OperatorFlags } from "./operator-flags.ts";
import { parseOperatorFlags } from "./operator-settings.ts";

const flags = (more: Partial<OperatorFlags> = {}): OperatorFlags => ({
  amqpUrl: "amqp://127.0.0.1",
  scrapeSeconds: "15",
  fastPath: true,
  leaseName: "millrace-operator",
  leaderElection: true,
  state: "state.json",
  listen: "0.0.0.0:9090",
  workerMetricsHost: "127.0.0.1",
  cycleSeconds: "2",
  logLevel: "info",
  ...more,
});

test("the cluster is meant by the flag, or in a pod that was given no files", () => {
  const pod = { KUBERNETES_SERVICE_HOST: "10.0.0.1" };
  expect(isOnKubernetes(flags({ kubernetes: true, config: ["dir"] }), {})).toBe(true);
  expect(isOnKubernetes(flags(), pod)).toBe(true);
  expect(isOnKubernetes(flags({ config: ["dir"] }), pod)).toBe(false);
  expect(isOnKubernetes(flags(), {})).toBe(false);
});

test("what is given arrives, and namespaces become a list", () => {
  const { settings, problems } = parseKubernetesFlags(
    flags({ namespaces: "shop, mail,shop", leaseNamespace: "millrace", kubeconfig: "f", context: "c" }),
  );
  expect(problems).toEqual([]);
  expect(settings).toEqual({
    fastPath: true,
    cycleSeconds: 2,
    listen: { host: "0.0.0.0", port: 9090 },
    kubeconfig: "f",
    context: "c",
    namespaces: ["shop", "mail"],
    protectBusyPods: false,
    lease: { name: "millrace-operator", namespace: "millrace" },
  });
});

test("without leader election there is no lease", () => {
  expect(parseKubernetesFlags(flags({ leaderElection: false })).settings.lease).toBeUndefined();
});

test("flags of the other kind of operator are refused by name", () => {
  expect(
    parseKubernetesFlags(flags({ config: ["dir"], discoveryDir: "d", namespaces: "Shop,", leaseName: "a_b" }))
      .problems,
  ).toEqual([
    "--config: does not go with --kubernetes: process pools are for files",
    "--discovery-dir: does not go with --kubernetes: process pools are for files",
    expect.stringContaining("--namespaces: expected lower-case letters, digits, '-' and '.', got \"Shop\""),
    expect.stringContaining("--namespaces: expected"),
    expect.stringContaining("--lease-name: expected"),
  ]);
  expect(parseOperatorFlags(flags({ config: ["dir"], kubeconfig: "f", namespaces: "a" })).problems).toEqual([
    "--kubeconfig: goes with --kubernetes only",
    "--namespaces: goes with --kubernetes only",
  ]);
});
