import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { clusterAccess } from "../../src/kubernetes/cluster-access.ts";
import { type ClusterClient, createClusterClient } from "../../src/kubernetes/cluster-client.ts";
import { freshNamespace } from "../support/fresh-namespace.ts";
import { installDefinition, workerAutoscalerDefinition } from "../support/install-definition.ts";

const command = fileURLToPath(new URL("../../bin/millrace.mjs", import.meta.url));
const objects = new URL("fixtures/keda/objects.yaml", import.meta.url);
const plurals: Readonly<Record<string, string>> = {
  ScaledObject: "scaledobjects",
  ScaledJob: "scaledjobs",
  TriggerAuthentication: "triggerauthentications",
};
const { kubeconfig } = inject("controlPlane");
let client: ClusterClient;

beforeAll(async () => {
  client = createClusterClient(await clusterAccess({ env: {}, kubeconfig }));
  await installDefinition(client, workerAutoscalerDefinition);
  const kinds = ["scaledobjects", "scaledjobs", "triggerauthentications", "clustertriggerauthentications"];
  await Promise.all(
    kinds.map((kind) =>
      installDefinition(client, new URL(`fixtures/keda/${kind}.keda.sh.yaml`, import.meta.url)),
    ),
  );
});
afterAll(() => client.close());

type Run = { readonly code: number | string; readonly stdout: string; readonly stderr: string };
const convert = (...args: readonly string[]): Promise<Run> =>
  convertText(readFileSync(objects, "utf8"), args);
/** `text` is on standard input. */
const convertText = (text: string, args: readonly string[]): Promise<Run> =>
  new Promise((resolve) => {
    const env = { ...process.env, KUBECONFIG: kubeconfig };
    const options = { env, timeout: 60_000, maxBuffer: 64 * 1_024 * 1_024 };
    const child = execFile(
      process.execPath,
      [command, "convert", ...args],
      options,
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : (error.code ?? "signal"), stdout, stderr });
      },
    );
    child.stdin?.end(text);
  });

type Document = { readonly kind: string; readonly metadata: { readonly name: string } };
const documentsOf = (text: string): readonly Document[] =>
  parseAllDocuments(text).flatMap((document) => {
    const value = document.toJS() as Document | null;
    return value === null ? [] : [value];
  });

/** A namespace with what a KEDA user has. */
async function kedaNamespace(): Promise<string> {
  const namespace = await freshNamespace(client);
  for (const document of documentsOf(readFileSync(objects, "utf8"))) {
    const resource = { group: "keda.sh", version: "v1alpha1", plural: plurals[document.kind] ?? "" };
    await client.create({ resource, namespace }, document, { query: { fieldValidation: "Strict" } });
  }
  return namespace;
}

async function apply(text: string, namespace: string): Promise<readonly string[]> {
  const resource = { group: "millrace.dev", version: "v1alpha1", plural: "workerautoscalers" };
  const names: string[] = [];
  for (const document of documentsOf(text)) {
    const path = { resource, namespace, name: document.metadata.name };
    await client.apply(path, document, { query: { fieldManager: "test", fieldValidation: "Strict" } });
    names.push(document.metadata.name);
  }
  return names;
}

describe("millrace convert", () => {
  test("reads a namespace, and what it prints applies; what cannot be converted is named", async () => {
    const namespace = await kedaNamespace();
    const { code, stdout, stderr } = await convert("--namespace", namespace);
    expect(await apply(stdout, namespace)).toEqual(["everything", "length", "rates"]);
    expect(code).toBe(1);
    expect(stderr).toContain(`ScaledObject ${namespace}/kafka: not converted: no RabbitMQ trigger`);
    expect(stderr).toContain(`ScaledJob ${namespace}/batch: not converted: a ScaledJob starts a Job`);
    expect(stderr).toContain("host is key amqp-url of Secret rabbit-credentials");
    expect(stdout + stderr).not.toContain("password@rabbit");
  });

  test("prints the same from a file as from the cluster, but for the namespace", async () => {
    const namespace = await kedaNamespace();
    const fromCluster = await convert("--namespace", namespace, "--json");
    const fromFile = await convert("-", "--json");
    const read = (run: Run) =>
      JSON.parse(run.stdout) as { converted: { source: string; resource: Document }[] };
    const byName = (run: Run) =>
      Object.fromEntries(
        read(run).converted.map(({ resource }) => {
          const { metadata, ...rest } = resource;
          return [metadata.name, rest];
        }),
      );
    expect(Object.keys(byName(fromFile)).toSorted()).toEqual(["everything", "length", "rates"]);
    expect(byName(fromCluster)).toEqual(byName(fromFile));
  });

  test("looks into an authentication of the whole cluster too", async () => {
    const namespace = await kedaNamespace();
    const [group, version] = ["keda.sh", "v1alpha1"];
    const cluster = { resource: { group, version, plural: "clustertriggerauthentications" } };
    const kind = "ClusterTriggerAuthentication";
    const secretTargetRef = [{ parameter: "host", name: "everywhere", key: "url" }];
    const metadata = { name: namespace };
    await client.create(cluster, {
      apiVersion: `${group}/${version}`,
      kind,
      metadata,
      spec: { secretTargetRef },
    });
    onTestFinished(() => client.delete({ ...cluster, name: namespace }));
    const triggers = [
      { type: "rabbitmq", metadata: { queueName: "a" }, authenticationRef: { name: namespace, kind } },
    ];
    await client.create(
      { resource: { group, version, plural: "scaledobjects" }, namespace },
      {
        apiVersion: `${group}/${version}`,
        kind: "ScaledObject",
        metadata: { name: "wide" },
        spec: { scaleTargetRef: { name: "wide" }, triggers },
      },
    );
    expect((await convert("-n", namespace)).stderr).toContain("host is key url of Secret everywhere");
  });

  test("finds the ScaledObjects of all namespaces", async () => {
    const namespaces = [await kedaNamespace(), await kedaNamespace()];
    const { stdout } = await convert("--all", "--json");
    for (const namespace of namespaces) expect(stdout).toContain(`"ScaledObject ${namespace}/length"`);
  });

  test("says what is wrong with a file", async () => {
    expect(await convertText("spec: [\n", ["-"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^standard input is not YAML: .* at line 2, column 1/),
    });
    expect(await convertText("kind: Service\n", ["-"])).toEqual({
      code: 1,
      stdout: "",
      stderr: "There is no ScaledObject in standard input.\n",
    });
    expect(await convert("/nowhere.yaml")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("Cannot read /nowhere.yaml"),
    });
    expect(await convert()).toMatchObject({ code: 2, stderr: expect.stringContaining("expected one of") });
  });

  test("says when there is none, and when it may not be asked like this", async () => {
    const namespace = await freshNamespace(client);
    expect(await convert("-n", namespace)).toEqual({
      code: 1,
      stdout: "",
      stderr: `There is no ScaledObject in namespace ${namespace}.\n`,
    });
    expect(await convert("-n", namespace, "--all")).toMatchObject({ code: 2, stdout: "" });
    expect(await convert("-n", namespace, "--context", "elsewhere")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("has no context elsewhere"),
    });
    expect(await convert("-", "--slots", "0")).toMatchObject({ code: 2 });
  });
});
