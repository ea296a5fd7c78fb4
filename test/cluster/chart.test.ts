import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRunScope, type RunScope } from "../../embedded/run-scope.ts";
import { chartTools } from "../chart/chart-tools.ts";
import { type HelmCommand, helmCommand, release } from "../chart/helm-command.ts";
import type { Values } from "../chart/render-chart.ts";
import { stage } from "./support/stage-facts.ts";

const run = promisify(execFile);
const tools = await chartTools();
const helms = "missing" in tools ? {} : { "Helm 3": tools.helm3, "Helm 4": tools.helm4 };

const restricted = {
  runAsNonRoot: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};

/** Beside the operator of the other proofs: in a namespace of its own, with the definition that is there. */
describe.each(Object.entries(helms))("the chart with %s", (_title, helm) => {
  const namespace = `chart-${randomUUID().slice(0, 8)}`;
  const selector = `app.kubernetes.io/instance=${release}`;
  const { kubeconfig, host, amqpPort, managementPort, login, image } = stage();
  const [repository, tag] = image.split(":");
  const values: Values = {
    image: { registry: "", repository, tag },
    crds: { install: false },
    rbac: { scope: "namespace" },
    brokers: {
      default: {
        amqpUrl: `amqp://${host}:${amqpPort}`,
        managementUrl: `http://${host}:${managementPort}`,
        existingSecret: "rabbit-default-user",
      },
    },
    operator: { replicas: 2 },
    worker: { enabled: true, amqp: { existingSecret: "rabbit-default-user" } },
    // Taken by the API server and enforced by nobody, as CNI's bridge knows no policies: whom they let in is proved by
    // test/chart/surroundings.test.ts.
    networkPolicy: {
      enabled: true,
      metricsFrom: [{ podSelector: { matchLabels: { app: "prometheus" } } }],
    },
  };
  let scope: RunScope;
  let command: HelmCommand;
  const kubectl = async (...args: readonly string[]): Promise<string> =>
    (await run(stage().kubectl, [`--kubeconfig=${kubeconfig}`, `--namespace=${namespace}`, ...args])).stdout;

  beforeAll(async () => {
    scope = await createRunScope();
    command = helmCommand({ helm, kubeconfig, namespace, directory: scope.directory });
    await kubectl("create", "namespace", namespace);
    await kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted");
    const { username, password } = login;
    const url = `amqp://${username}:${password}@${host}:${amqpPort}`;
    const texts = { username, password, connection_string: url };
    const literals = Object.entries(texts).map(([key, text]) => `--from-literal=${key}=${text}`);
    await kubectl("create", "secret", "generic", "rabbit-default-user", ...literals);
  });
  afterAll(async () => {
    await kubectl("delete", "namespace", namespace, "--wait=false");
    await scope.stop();
  });

  test("installs where pods are restricted, and everything becomes ready", async () => {
    const notes = await command.install(values, { wait: true });
    expect(notes).toContain(`helm test ${release} --namespace ${namespace}`);
    const ready = await kubectl(
      "get",
      "deployments",
      "-l",
      selector,
      "-o=jsonpath={.items[*].status.readyReplicas}",
    );
    expect(ready).toBe("2 1");
  });

  test("passes its own test", async () => {
    const output = await command.run("test", release, "--logs", "--timeout=90s");
    // Helm 3 prints the log once for every hook.
    expect(new Set(output.match(/^ok .+$/gm)).size).toBe(3);
  });

  test("runs as nobody in particular, and cannot write to its image", async () => {
    const operator = `deployment/${release}-millrace-operator`;
    expect((await kubectl("exec", operator, "--", "id", "-u")).trim()).toBe("65532");
    await expect(kubectl("exec", operator, "--", "touch", "/app/x")).rejects.toThrow("Read-only file system");
  });

  test("has one operator that leads", async () => {
    const holder = await kubectl(
      "get",
      "lease",
      `${release}-millrace-operator`,
      "-o=jsonpath={.spec.holderIdentity}",
    );
    const pods = await kubectl(
      "get",
      "pods",
      "-l",
      `${selector},app.kubernetes.io/component=operator`,
      "-o=name",
    );
    expect(
      pods.split("\n").filter((pod) => pod !== "" && holder.startsWith(pod.slice("pod/".length))),
    ).toHaveLength(1);
  });

  test("ends its pods at the signal, as first process of their containers", async () => {
    const pods = await kubectl("get", "pods", "-l", selector, "-o=name");
    const startedMs = performance.now();
    await kubectl("delete", ...pods.trim().split("\n"), "--wait", "--timeout=60s");
    // Their grace is 30 s and more.
    expect(performance.now() - startedMs).toBeLessThan(30_000);
  });

  test("ends a command that listens to no signal, as first process of its container", async () => {
    // Nobody ever writes to its input: left alone, the command reads on.
    const container = { name: "once", image, args: ["convert", "-"], stdin: true };
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      // Kept until its last state is read.
      metadata: { name: "once", namespace, finalizers: ["millrace.dev/read"] },
      spec: {
        restartPolicy: "Never",
        terminationGracePeriodSeconds: 60,
        containers: [{ ...container, securityContext: restricted }],
      },
    };
    const file = join(scope.directory, "once.json");
    await writeFile(file, JSON.stringify(pod));
    await kubectl("create", "-f", file);
    await kubectl("wait", "--for=jsonpath={.status.phase}=Running", "pod/once", "--timeout=120s");
    await kubectl("delete", "pod", "once", "--wait=false");
    const ended = "{.status.containerStatuses[0].state.terminated.exitCode}";
    try {
      await kubectl("wait", `--for=jsonpath=${ended}`, "pod/once", "--timeout=60s");
      expect(await kubectl("get", "pod", "once", `--output=jsonpath=${ended}`)).toBe("143");
    } finally {
      await kubectl("patch", "pod", "once", "--type=merge", '--patch={"metadata":{"finalizers":null}}');
    }
  });

  test("upgrades to other values", async () => {
    await command.install({ ...values, operator: { replicas: 1, logLevel: "debug" } }, { wait: true });
    const args = "-o=jsonpath={.spec.template.spec.containers[0].args}";
    expect(await kubectl("get", "deployment", `${release}-millrace-operator`, args)).toContain(
      "--log-level=debug",
    );
    expect(await kubectl("get", "poddisruptionbudgets", "-o=name")).toBe("");
  });

  test("leaves nothing when it is removed, but what it may keep", async () => {
    await command.run("uninstall", release, "--wait");
    await kubectl("wait", "--for=delete", "pods", "-l", selector, "--timeout=60s");
    const kinds =
      "deployments,services,serviceaccounts,roles,rolebindings,networkpolicies,poddisruptionbudgets";
    expect(
      await kubectl("get", kinds, "-l", `${selector},app.kubernetes.io/component!=test`, "-o=name"),
    ).toBe("");
    expect(await kubectl("get", "crd", "workerautoscalers.millrace.dev", "-o=name")).not.toBe("");
  });
});
