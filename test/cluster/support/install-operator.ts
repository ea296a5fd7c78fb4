import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { RunScope } from "../../../embedded/run-scope.ts";
import type { OperatorFacts, Stage } from "./stage-facts.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));

export type InstalledOperator = {
  readonly facts: OperatorFacts;
  uninstall(): Promise<void>;
};

/** The brokers that the operator is told of, as its brokers file and the chart's values have them. */
const brokerAddresses = (stage: Stage) => {
  const at = (amqpPort: number, managementPort: number) => ({
    amqpUrl: `amqp://${stage.host}:${amqpPort}`,
    managementUrl: `http://${stage.host}:${managementPort}`,
  });
  const whole = at(stage.amqpPort, stage.managementPort);
  return [
    { name: "default", login: "right", ...whole },
    { name: "amqp-only", login: "right", amqpUrl: whole.amqpUrl },
    { name: "wrong-password", login: "wrong-password", ...whole },
    { name: "wrong-user", login: "wrong-user", ...whole },
    { name: "rotated", login: "rotated", ...whole },
    { name: "fenced", login: "right", ...whole, allowedNamespaces: ["nobody-has-this-one"] },
    ...stage.spareBrokers.map(({ name, amqpPort, managementPort }) => ({
      name,
      login: "right",
      ...at(amqpPort, managementPort),
    })),
  ] as const;
};

/** What the operator is told to log in with, by the name of its Secret. */
const loginsOf = ({ login }: Stage) =>
  new Map([
    ["right", login],
    ["wrong-password", { ...login, password: "wrong" }],
    ["wrong-user", { username: "nobody", password: "wrong" }],
    ["rotated", { ...login, password: "outdated" }],
  ]);

const namespace = "millrace-system";

/** The chart with an image of this checkout, as a person would install it. */
export const installChart = async (
  stage: Stage,
  scope: RunScope,
  tools: { readonly helm: string; readonly image: string },
): Promise<InstalledOperator> => {
  const kubectl = async (...args: readonly string[]) =>
    (await run(stage.kubectl, [`--kubeconfig=${stage.kubeconfig}`, ...args])).stdout;
  const helm = (...args: readonly string[]) =>
    run(tools.helm, ["--kubeconfig", stage.kubeconfig, "--namespace", namespace, ...args]);
  // What a run left that was killed, or is still on its way out.
  await kubectl("delete", "namespace", namespace, "--ignore-not-found", "--timeout=120s");
  await kubectl("create", "namespace", namespace);
  for (const [name, login] of loginsOf(stage))
    await kubectl(
      "create",
      "secret",
      "generic",
      `login-${name}`,
      `--namespace=${namespace}`,
      `--from-literal=username=${login.username}`,
      `--from-literal=password=${login.password}`,
    );
  const values = join(scope.directory, "values.json");
  const [registry = "", ...path] = tools.image.split("/");
  const [repository = "", tag = ""] = path.join("/").split(":");
  const brokers = brokerAddresses(stage).map(({ name, login, ...broker }) => [
    name,
    { ...broker, existingSecret: `login-${login}` },
  ]);
  await writeFile(
    values,
    JSON.stringify({
      image: { registry, repository, tag, pullPolicy: "IfNotPresent" },
      rbac: { extraScaleTargets: [{ apiGroup: "proofs.millrace.dev", resource: "rollouts" }] },
      brokers: Object.fromEntries(brokers),
      prometheus: { url: `http://${stage.host}:${stage.prometheusPort}`, scrapeSeconds: 2 },
      operator: { replicas: 2 },
    }),
  );
  await helm(
    "install",
    "millrace",
    join(root, "charts/millrace"),
    "--values",
    values,
    "--wait",
    "--timeout=120s",
  );
  return {
    facts: { operatorNamespace: namespace, image: tools.image },
    async uninstall() {
      await helm("uninstall", "millrace", "--wait");
      await kubectl("delete", "namespace", namespace, "--wait=false");
    },
  };
};
