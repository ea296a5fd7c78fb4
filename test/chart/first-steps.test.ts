import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { workerAutoscalerSchema } from "../../src/resource/worker-autoscaler.ts";
import { chartTools } from "./chart-tools.ts";
import { repository } from "./compose-file.ts";
import { smallest } from "./configurations.ts";
import { appliedDocument, installationNotes, publishingScript } from "./installation-notes.ts";
import { podTemplate } from "./pod-template.ts";
import { find, renderChart, type Values } from "./render-chart.ts";
import { at, worker } from "./rendered.ts";

const tools = await chartTools();
const helm = "missing" in tools ? "" : tools.helm4;
const newcomers: Values = {
  stack: { enabled: true, rabbitmq: { enabled: true } },
  worker: { enabled: true },
};

const specOf = (notes: string) => workerAutoscalerSchema.parse(parse(appliedDocument(notes))).spec;

describe.skipIf("missing" in tools)("the notes' first steps", () => {
  test.each([
    ["demo", "messaging", {}],
    ["millrace", "millrace", {}],
    ["a".repeat(53), "shop", {}],
    ["demo", "shop", { fullnameOverride: "jobs" }],
    [
      "demo",
      "shop",
      {
        nameOverride: "scaler",
        stack: { enabled: true, rabbitmq: { enabled: true }, grafana: { existingSecret: "mine" } },
      },
    ],
  ])("name what is installed as %s in %s", (release, namespace, more) => {
    const values = { ...newcomers, ...more };
    const notes = installationNotes(helm, values, { release, namespace });
    const manifests = renderChart(values, { helm, release, namespace });
    const namesOf = (wanted: string) =>
      manifests.filter(({ kind }) => kind === wanted).map(({ metadata }) => metadata.name);
    const portsOf = (name = "") =>
      (at(find(manifests, "Service", name).spec, "ports") as readonly { port: number }[]).map(
        ({ port }) => port,
      );
    const forwards = [...notes.matchAll(/port-forward --namespace (\S+) service\/(\S+) (?:\d+:)?(\d+)/g)];
    expect(forwards).toHaveLength(5);
    for (const [, inside, service, port] of forwards) {
      expect(inside).toBe(namespace);
      expect(portsOf(service)).toContain(Number(port));
    }
    const deployments = namesOf("Deployment");
    expect(deployments).toContain(/exec --namespace \S+ deployment\/(\S+)/.exec(notes)?.[1]);
    expect(deployments).toContain(specOf(notes).scaleTargetRef.name);
    const namespaces = [...notes.matchAll(/--namespace (\S+)/g)].map(([, name]) => name);
    expect(new Set(namespaces)).toEqual(new Set([namespace]));
    expect([...namesOf("Secret"), "mine"]).toContain(/get secret --namespace \S+ (\S+)/.exec(notes)?.[1]);
  });

  test.each([
    ["its only type by default", {}, { queues: [{ name: "jobs.sleep" }], objective: { waitSeconds: 15 } }],
    [
      "each of its types, with slots of their own, at its broker and in the wait that it measures",
      { builtin: ["email", "sleep"], broker: "far", objectiveWaitSeconds: [5, 30] },
      {
        queues: [{ name: "jobs.email" }, { name: "jobs.sleep" }],
        slotSharing: "PerQueue",
        broker: "far",
        objective: { waitSeconds: 5 },
      },
    ],
  ])("promise for the chart's worker %s", (_what, more, spec) => {
    const notes = installationNotes(helm, { ...smallest, worker: { ...worker, ...more } });
    expect(specOf(notes)).toMatchObject(spec);
    // The command that submits jobs runs in one of its pods.
    expect(specOf(notes).replicas.min).toBeGreaterThan(0);
  });

  test.each([
    ["no worker of the chart", {}, smallest],
    ["job types that the chart does not know", { jobs: ["/jobs/image.js"] }, smallest],
    [
      "a worker where the operator does not look",
      {},
      { ...smallest, rbac: { scope: "namespace", watchNamespaces: ["shop"] } },
    ],
  ])("are about consumers of one's own with %s", (what, more, values: Values) => {
    const all = what === "no worker of the chart" ? values : { ...values, worker: { ...worker, ...more } };
    const notes = installationNotes(helm, all);
    expect(specOf(notes)).toMatchObject({ scaleTargetRef: { name: "image-worker" }, mode: "DryRun" });
    expect(publishingScript(notes)).toBeUndefined();
  });

  test("submit jobs with what is in the image and in the worker's environment", () => {
    const script = publishingScript(installationNotes(helm, newcomers)) ?? "";
    const imported = [...script.matchAll(/import \{ (\w+) \} from "\/app\/dist\/([^"]+)\.js"/g)];
    expect(imported).toHaveLength(2);
    for (const [, , path = ""] of imported) expect(existsSync(`${repository}${path}.ts`), path).toBe(true);
    const { env = [] } = podTemplate(renderChart(newcomers, { helm }), "worker").spec.containers[0];
    for (const [, name] of script.matchAll(/process\.env\.(\w+)/g))
      expect(env.map((one) => one.name)).toContain(name);
  });
});
