import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { createRunScope, type RunScope } from "../../../embedded/run-scope.ts";
import { chartTools } from "../../chart/chart-tools.ts";
import { type HelmCommand, helmCommand, release } from "../../chart/helm-command.ts";
import type { Values } from "../../chart/render-chart.ts";

const run = promisify(execFile);
const tools = await chartTools();
const helms = "missing" in tools ? {} : { "Helm 3": tools.helm3, "Helm 4": tools.helm4 };

const persistence = { persistence: { enabled: true } };
const values: Values = {
  crds: { install: false },
  rbac: { scope: "namespace" },
  stack: { enabled: true, grafana: persistence, rabbitmq: { enabled: true, ...persistence } },
};

describe.skipIf("missing" in tools).each(Object.entries(helms))(
  "passwords that the chart makes, with %s",
  (_title, helm) => {
    const namespace = `passwords-${randomUUID().slice(0, 8)}`;
    const { kubeconfig } = inject("controlPlane");
    let scope: RunScope;
    let command: HelmCommand;
    const kubectl = async (...args: readonly string[]): Promise<string> => {
      const program = "missing" in tools ? "kubectl" : tools.kubectl;
      return (await run(program, [`--kubeconfig=${kubeconfig}`, `--namespace=${namespace}`, ...args])).stdout;
    };
    /** What the Secrets hold, each key's in base64. */
    const passwords = async (): Promise<readonly Readonly<Record<string, string>>[]> =>
      Promise.all(
        ["grafana", "rabbitmq"].map(async (part) => {
          const secret = await kubectl("get", "secret", `${release}-millrace-${part}`, "-o=jsonpath={.data}");
          return JSON.parse(secret) as Record<string, string>;
        }),
      );

    beforeAll(async () => {
      scope = await createRunScope();
      command = helmCommand({ helm, kubeconfig, namespace, directory: scope.directory });
      await kubectl("create", "namespace", namespace);
    });
    afterAll(async () => {
      await kubectl("delete", "namespace", namespace, "--wait=false");
      await scope.stop();
    });

    test("stay the same over an upgrade, and over a removal where the data that knows them stays", async () => {
      await command.install(values);
      const first = await passwords();
      expect(first).toMatchObject([
        { "admin-password": expect.stringMatching(/^\S{32}$/) },
        { password: expect.stringMatching(/^\S{32}$/), connection_string: expect.any(String) },
      ]);
      await command.install({ ...values, operator: { logLevel: "debug" } });
      expect(await passwords()).toEqual(first);
      await command.run("uninstall", release);
      expect(await kubectl("get", "persistentvolumeclaims", "-o=name")).toContain("-rabbitmq");
      await command.install(values);
      expect(await passwords()).toEqual(first);
      await command.run("uninstall", release);
    });
  },
);
