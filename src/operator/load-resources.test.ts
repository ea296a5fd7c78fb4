import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ConfigError } from "../../kit/src/config-error.ts";
import { loadResources } from "./load-resources.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "resources-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const autoscaler = ({
  name = "images",
  pool = "workers",
  kind = "ProcessPool",
  queue = "{ name: jobs.image }",
  max = 5,
} = {}) => `
apiVersion: millrace.dev/v1alpha1
kind: WorkerAutoscaler
metadata: { name: ${name} }
spec:
  scaleTargetRef: { apiVersion: millrace.dev/v1alpha1, kind: ${kind}, name: ${pool} }
  queues: [${queue}]
  objective: { waitSeconds: 5 }
  replicas: { min: 0, max: ${max} }
`;
const pool = (name = "workers") => `
apiVersion: millrace.dev/v1alpha1
kind: ProcessPool
metadata: { name: ${name} }
spec: { command: [node, worker.js] }
`;
const write = (name: string, ...documents: readonly string[]) =>
  writeFile(join(directory, name), documents.join("---\n"));
const problemsOf = async (...paths: readonly string[]): Promise<readonly string[]> => {
  const error = await loadResources(paths.length === 0 ? [directory] : paths).catch(
    (cause: unknown) => cause,
  );
  if (error instanceof ConfigError)
    return error.problems.map((problem) => problem.replaceAll(`${directory}/`, ""));
  throw new Error("expected a ConfigError", { cause: error });
};

test("reads several documents of a file, and every YAML or JSON file of a directory", async () => {
  await write("a.yaml", autoscaler(), pool(), "# nothing here\n");
  await write("b.yml", autoscaler({ name: "mails", pool: "mailers" }));
  await write(
    "c.json",
    JSON.stringify({
      apiVersion: "millrace.dev/v1alpha1",
      kind: "ProcessPool",
      metadata: { name: "mailers" },
      spec: { command: ["node"] },
    }),
  );
  await write("notes.txt", "no resource");
  const { autoscalers, pools } = await loadResources([directory]);
  expect(autoscalers.map(({ metadata }) => metadata.name)).toEqual(["images", "mails"]);
  expect(pools.map(({ metadata }) => metadata.name)).toEqual(["workers", "mailers"]);
});

test("takes single files, and what stands in one may be named in another", async () => {
  await write("a.yaml", autoscaler());
  await write("b.yaml", pool());
  expect(
    (await loadResources([join(directory, "a.yaml"), join(directory, "b.yaml")])).autoscalers.length,
  ).toBe(1);
});

test("names every problem of every file at once, with file, document and path", async () => {
  await write("a.yaml", autoscaler({ max: 0 }), autoscaler({ name: "Mails", queue: "{}" }), pool());
  await write("b.yaml", "kind: [\n");
  await write("c.yaml", "just text\n");
  expect(await problemsOf(directory, join(directory, "missing.yaml"))).toEqual([
    expect.stringContaining("missing.yaml: ENOENT"),
    expect.stringMatching(/^a\.yaml, document 1: spec\.replicas\.max: expected a whole number/),
    expect.stringMatching(/^a\.yaml, document 2: metadata\.name: expected lower-case/),
    expect.stringMatching(/^a\.yaml, document 2: spec\.queues\[0\]: expected either name or pattern/),
    expect.stringMatching(/^b\.yaml: .*line 2/),
    expect.stringMatching(/^c\.yaml: expected an object/),
  ]);
});

test("a directory without an autoscaler is a mistake", async () => {
  await write("a.yaml", pool());
  expect(await problemsOf()).toEqual([expect.stringContaining("no WorkerAutoscaler found")]);
});

test("one name for two objects, and one target for two autoscalers, are mistakes", async () => {
  await write("a.yaml", autoscaler(), pool());
  await write("b.yaml", autoscaler(), autoscaler({ name: "mails" }), pool());
  expect(await problemsOf()).toEqual([
    "b.yaml, document 1: WorkerAutoscaler default/images is described twice, first in a.yaml, document 1",
    expect.stringContaining(
      "b.yaml, document 1: spec.scaleTargetRef: ProcessPool default/workers is scaled by two autoscalers",
    ),
    expect.stringContaining(
      "b.yaml, document 2: spec.scaleTargetRef: ProcessPool default/workers is scaled by two autoscalers",
    ),
    "b.yaml, document 3: ProcessPool default/workers is described twice, first in a.yaml, document 2",
  ]);
});

test("a pool that nobody describes is named", async () => {
  await write("a.yaml", autoscaler({ pool: "nobody" }), pool());
  expect(await problemsOf()).toEqual([
    "a.yaml, document 1: spec.scaleTargetRef.name: no ProcessPool default/nobody is described; add a ProcessPool document of that name and namespace",
  ]);
});

test("from a file only a ProcessPool can be scaled", async () => {
  await write("a.yaml", autoscaler({ kind: "Deployment" }), pool());
  expect(await problemsOf()).toEqual([
    "a.yaml, document 1: spec.scaleTargetRef.kind: read from files, an autoscaler scales a ProcessPool only, got Deployment; apply it to a cluster instead",
  ]);
});

test("queues may be named by patterns", async () => {
  await write("a.yaml", autoscaler({ queue: '{ pattern: "^jobs\\\\.x" }' }), pool());
  const { autoscalers } = await loadResources([directory]);
  expect(autoscalers[0]?.spec.queues[0]?.pattern).toBe("^jobs\\.x");
});
