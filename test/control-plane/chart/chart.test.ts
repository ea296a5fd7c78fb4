import { spawnSync } from "node:child_process";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ControlPlane, createControlPlane } from "../../../embedded/control-plane.ts";
import { createRunScope, type RunScope } from "../../../embedded/run-scope.ts";
import { chartTools } from "../../chart/chart-tools.ts";
import { configurations, smallest } from "../../chart/configurations.ts";
import { type HelmCommand, helmCommand, release } from "../../chart/helm-command.ts";
import { chartFolder, type Manifest, renderChart, type Values } from "../../chart/render-chart.ts";
import { writeSchemas } from "./json-schemas.ts";

const tools = await chartTools();
const helms = "missing" in tools ? {} : { "Helm 3": tools.helm3, "Helm 4": tools.helm4 };
const crd = "workerautoscalers.millrace.dev";

/** A control plane of its own: the chart's definitions are everybody's. */
describe.skipIf("missing" in tools)("the chart on an API server", () => {
  let scope: RunScope;
  let controlPlane: ControlPlane;
  let kubectl: ControlPlane["kubectl"];

  beforeAll(async () => {
    scope = await createRunScope();
    controlPlane = await createControlPlane(scope);
    await controlPlane.start();
    kubectl = (...args) => controlPlane.kubectl(...args);
  });
  afterAll(() => scope.stop());

  const restrictedNamespace = async (name: string): Promise<void> => {
    await kubectl("create", "namespace", name);
    await kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted");
  };

  const helmIn = (namespace: string, helm: string): HelmCommand =>
    helmCommand({ helm, kubeconfig: controlPlane.kubeconfig, namespace, directory: scope.directory });

  const write = async (name: string, content: unknown): Promise<string> => {
    const file = join(scope.directory, `${name}.json`);
    await writeFile(file, JSON.stringify(content));
    return file;
  };

  const podsOf = (manifests: readonly Manifest[]): readonly object[] =>
    manifests.flatMap(({ kind, metadata, spec }): readonly object[] => {
      if (kind === "Pod") return [{ apiVersion: "v1", kind, metadata, spec }];
      const { template } = { ...spec } as { template?: { metadata: object; spec: object } };
      if (template === undefined) return [];
      return [
        {
          apiVersion: "v1",
          kind: "Pod",
          ...template,
          metadata: { ...template.metadata, name: metadata.name },
        },
      ];
    });

  const autoscaler = (namespace: string) => ({
    apiVersion: "millrace.dev/v1alpha1",
    kind: "WorkerAutoscaler",
    metadata: { name: "kept", namespace },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
      queues: [{ name: "jobs" }],
      objective: { waitSeconds: 15 },
      replicas: { min: 0, max: 5 },
    },
  });

  describe.each(Object.entries(helms))("with %s", (title, helm) => {
    const prefix = title.toLowerCase().replace(" ", "");

    test.each(Object.entries(configurations))(
      "installs where pods are restricted: %s",
      { timeout: 240_000 },
      async (name, values) => {
        const namespace = `${prefix}-${name.toLowerCase().replaceAll(" ", "-")}`;
        await restrictedNamespace(namespace);
        const command = helmIn(namespace, helm);
        await adopt(namespace);
        const notes = await command.install(values);
        expect(notes).toContain(`helm test ${release} --namespace ${namespace}`);
        // The pod of `helm test` needs what its hooks would make first.
        const manifests = renderChart(values, { helm, release, namespace });
        const hooks = manifests.filter(({ metadata }) => metadata.annotations?.["helm.sh/hook"] === "test");
        await kubectl(
          "apply",
          "-f",
          await write(`${namespace}-hooks`, listOf(hooks.filter(({ kind }) => kind !== "Pod"))),
        );
        const pods = podsOf(manifests);
        expect(pods.length).toBeGreaterThan(1);
        await kubectl(
          "create",
          "--namespace",
          namespace,
          "--dry-run=server",
          "-f",
          await write(namespace, listOf(pods)),
        );
        await command.run("uninstall", release, "--wait");
        const kinds = "all,configmaps,roles,rolebindings,serviceaccounts";
        const ofRelease = `app.kubernetes.io/instance=${release},app.kubernetes.io/component!=test`;
        // Helm 3 does not wait for the pods of what it deletes.
        await expect
          .poll(() => kubectl("get", kinds, "-n", namespace, "-l", ofRelease, "-o=name"), { timeout: 90_000 })
          .toBe("");
      },
    );

    test("keeps definition and autoscalers when it is removed, and finds them again", async () => {
      const namespace = `${prefix}-kept`;
      await kubectl("create", "namespace", namespace);
      const command = helmIn(namespace, helm);
      await adopt(namespace);
      await command.install(smallest);
      await kubectl("apply", "-f", await write(`${prefix}-autoscaler`, autoscaler(namespace)));
      const notes = await command.run("uninstall", release);
      expect(notes).toMatch(/kept/i);
      expect(await kubectl("get", "wa", "kept", "-n", namespace, "-o=name")).toContain("workerautoscaler");
      await command.install(smallest);
      expect(await kubectl("get", "wa", "kept", "-n", namespace, "-o=name")).toContain("workerautoscaler");
      await command.run("uninstall", release);
      await kubectl("delete", "wa", "kept", "-n", namespace);
    });

    test("leaves the number of workers to whoever scales them", async () => {
      const namespace = `${prefix}-replicas`;
      await kubectl("create", "namespace", namespace);
      const command = helmIn(namespace, helm);
      await adopt(namespace);
      const worker = { enabled: true, amqp: { existingSecret: "rabbit" } };
      await command.install({ ...smallest, worker });
      await kubectl("scale", "-n", namespace, `deployment/${release}-millrace-worker`, "--replicas=5");
      await command.install({ ...smallest, worker: { ...worker, concurrency: 3 } });
      const spec = await kubectl(
        "get",
        "deployment",
        `${release}-millrace-worker`,
        "-n",
        namespace,
        "-o=jsonpath={.spec.replicas} {.spec.template.spec.containers[0].args}",
      );
      expect(spec).toMatch(/^5 .*--concurrency=3/);
      await command.run("uninstall", release);
    });

    test("upgrades an older definition, and its autoscalers stay", async () => {
      const namespace = `${prefix}-upgrade`;
      await kubectl("create", "namespace", namespace);
      const command = helmIn(namespace, helm);
      await adopt(namespace);
      const field =
        "jsonpath={.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.floor.type}";
      await command.install(smallest, { chart: await olderChart(prefix) });
      await kubectl("apply", "-f", await write(`${prefix}-older`, autoscaler(namespace)));
      expect(await kubectl("get", "crd", crd, `-o=${field}`)).toBe("");
      await command.install(smallest);
      expect(await kubectl("get", "crd", crd, `-o=${field}`)).toBe("object");
      expect(await kubectl("get", "wa", "kept", "-n", namespace, "-o=name")).toContain("workerautoscaler");
      await command.run("uninstall", release);
      await kubectl("delete", "wa", "kept", "-n", namespace);
    });
  });

  /** A definition that an earlier release left behind is taken over, as docs/install.md tells to. */
  const adopt = async (namespace: string): Promise<void> => {
    const found = await kubectl("get", "crd", crd, "--ignore-not-found", "-o=name");
    if (found === "") return;
    const owner = [`meta.helm.sh/release-name=${release}`, `meta.helm.sh/release-namespace=${namespace}`];
    await kubectl("annotate", "--overwrite", "crd", crd, ...owner);
  };

  /** The chart before `spec.floor` was added. */
  const olderChart = async (prefix: string): Promise<string> => {
    const copy = join(scope.directory, `${prefix}-older-chart`);
    await cp(chartFolder, copy, { recursive: true });
    const file = join(copy, "templates/crds", `${crd}.yaml`);
    const text = await readFile(file, "utf8");
    const older = text.replace(/^( +)floor:\n(?:\1 +.*\n)+/m, "");
    expect(older.length).toBeLessThan(text.length - 100);
    await writeFile(file, older);
    return copy;
  };

  test("is right by the server's own schemas: kubeconform", async () => {
    if ("missing" in tools) return;
    const { kubeconform, helm4 } = tools;
    await kubectl("apply", "--server-side", "-f", await write("definition", crdOf(smallest, helm4)));
    await kubectl("wait", "--for=condition=Established", `crd/${crd}`, "--timeout=30s");
    const schemas = join(scope.directory, "schemas");
    await mkdir(schemas);
    const openapi = (): string => {
      const args = ["--kubeconfig", controlPlane.kubeconfig, "get", "--raw", "/openapi/v2"];
      return spawnSync(tools.kubectl, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 }).stdout;
    };
    // A definition reaches the server's document a moment after it is established.
    await expect
      .poll(async () => writeSchemas(openapi(), schemas), {
        timeout: 30_000,
      })
      .toContain("workerautoscaler-millrace-v1alpha1.json");
    const location = `${schemas}/{{ .ResourceKind }}{{ .KindSuffix }}.json`;
    const check = (input: string) =>
      spawnSync(kubeconform, ["-strict", "-summary", "-output=json", "-schema-location", location, "-"], {
        input,
        encoding: "utf8",
      });
    const all = Object.values(configurations).flatMap((values) => renderChart(values, { helm: helm4 }));
    const good = check(JSON.stringify(listOf([...all, autoscaler("a")])));
    expect(JSON.parse(good.stdout)).toMatchObject({
      resources: [],
      summary: { invalid: 0, errors: 0, skipped: 0 },
    });
    expect(JSON.parse(good.stdout).summary.valid).toBeGreaterThan(60);
    const misspelt = { ...autoscaler("a"), spec: { ...autoscaler("a").spec, queue: "jobs" } };
    expect(check(JSON.stringify(misspelt)).stdout).toContain("queue");
  });

  const crdOf = (values: Values, helm: string): Manifest | undefined =>
    renderChart(values, { helm }).find(({ kind }) => kind === "CustomResourceDefinition");
});

const listOf = (items: readonly object[]) => ({ apiVersion: "v1", kind: "List", items });
