import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { clusterAccess } from "../../src/kubernetes/cluster-access.ts";
import { type ClusterClient, createClusterClient } from "../../src/kubernetes/cluster-client.ts";
import {
  customResourceDefinition,
  type StructuralSchema,
} from "../../src/resource/custom-resource-definition.ts";
import { parseResource } from "../../src/resource/parse-resource.ts";
import { installDefinition, workerAutoscalerDefinition } from "../support/install-definition.ts";
import { violationsOf } from "./schema-violations.ts";
import { type Autoscaler, wholeAutoscaler } from "./whole-autoscaler.ts";

const resource = { group: "millrace.dev", version: "v1alpha1", plural: "workerautoscalers" };
const namespace = "default";
let client: ClusterClient;

beforeAll(async () => {
  client = createClusterClient(
    await clusterAccess({ env: {}, kubeconfig: inject("controlPlane").kubeconfig }),
  );
  await installDefinition(client, workerAutoscalerDefinition);
});
afterAll(() => client.close());

/** What `kubectl apply` shows of a refusal; "accepted" when there is none. Nothing is stored. */
const onCluster = (document: object): Promise<string> =>
  client
    .create({ resource, namespace }, document, { query: { dryRun: "All", fieldValidation: "Strict" } })
    .then(() => "accepted", String);

/** What `millrace operator --config` shows. */
const inFile = (document: object): string => {
  const parsed = parseResource(document);
  if (parsed.kind === "resource") return "accepted";
  return parsed.problems.map(({ path, message }) => `${path}: ${message}`).join("\n");
};

const changed = (change: (document: Autoscaler) => unknown): Autoscaler => {
  const document = wholeAutoscaler(namespace);
  change(document);
  return document;
};
type Change = (spec: Record<string, unknown>) => unknown;
const set = (field: string, value: unknown): Change => {
  const [parent = "", key] = field.split(".");
  return (spec) =>
    key === undefined
      ? Object.assign(spec, { [parent]: value })
      : Object.assign(spec[parent] as object, { [key]: value });
};
const queues = (...list: readonly object[]): Change => set("queues", list);

test("a WorkerAutoscaler with every field is accepted, by the API server and from a file", async () => {
  expect(await onCluster(wholeAutoscaler(namespace))).toBe("accepted");
  expect(inFile(wholeAutoscaler(namespace))).toBe("accepted");
});

/** [what, change, field that is named, message]: the same words from the API server and for a file. */
const rules: readonly [title: string, change: Change, path: string, message: string][] = [
  ["min above max", set("replicas", { min: 6, max: 5 }), "spec.replicas.min", "is above max"],
  ["one queue twice", queues({ name: "a" }, { name: "a" }), "spec.queues", "name each queue once"],
  [
    "one queue twice, its vhost written once",
    queues({ name: "a", vhost: "/" }, { name: "b" }, { name: "a" }),
    "spec.queues",
    "name each queue once",
  ],
  ["one pattern twice", queues({ pattern: "^a" }, { pattern: "^a" }), "spec.queues", "name each queue once"],
  [
    "a queue without a name",
    queues({ vhost: "/" }),
    "spec.queues[0]",
    "either name or pattern, and not both",
  ],
  ["a name and a pattern", queues({ name: "a", pattern: "^a" }), "spec.queues[0]", "either name or pattern"],
  ...["jobs", "^.*", "^", "^a|b", "^(a|b)", "^a*", "^a?.*", "^a{0,9}", "^[ab]"].map(
    (pattern) =>
      [
        `the pattern ${pattern}`,
        queues({ pattern }),
        "spec.queues[0].pattern",
        "unbounded: start it with ^ and at least one literal character",
      ] as [string, Change, string, string],
  ),
  ...["0", "0.0", "1", "1.0", "1.5", "-0.5", "1e-1", "most", "", "95%"].map(
    (ratio) =>
      [
        `the ratio "${ratio}"`,
        set("objective.attainmentRatio", ratio),
        "spec.objective.attainmentRatio",
        'expected a ratio in quotes, between 0 and 1, both excluded, for example "0.95"',
      ] as [string, Change, string, string],
  ),
  ...["Static", "AtLeast", "AtMost"].map(
    (behavior) =>
      [
        `the fallback ${behavior} without replicas`,
        set("fallback", { behavior }),
        "spec.fallback.replicas",
        "required with behavior Static, AtLeast and AtMost",
      ] as [string, Change, string, string],
  ),
  ...["Image-Worker", "image_worker", "-image", ""].map(
    (name) =>
      [
        `the target name "${name}"`,
        set("scaleTargetRef.name", name),
        "spec.scaleTargetRef.name",
        "expected lower-case letters, digits, '-' and '.'",
      ] as [string, Change, string, string],
  ),
];

describe("refused, in the same words by the API server and from a file, is", () => {
  test.each(rules)("%s", async (_title, change, path, message) => {
    const document = changed(({ spec }) => change(spec));
    for (const said of [await onCluster(document), inFile(document)]) {
      expect(said).toContain(path);
      expect(said).toContain(message);
    }
  });
});

test("every rule of the definition has a case above", () => {
  const all = rulesOf(customResourceDefinition().spec.versions[0]?.schema.openAPIV3Schema ?? {});
  expect(all.length).toBeGreaterThan(5);
  const untested = all.filter(({ message }) => !rules.some(([, , , expected]) => message.includes(expected)));
  expect(untested).toEqual([]);
});

function rulesOf(schema: StructuralSchema): readonly { readonly message: string }[] {
  const inner = [
    ...Object.values(schema.properties ?? {}),
    ...(schema.items === undefined ? [] : [schema.items]),
  ];
  return [...(schema["x-kubernetes-validations"] ?? []), ...inner.flatMap(rulesOf)];
}

describe("refused, naming the field, is", () => {
  const definition = customResourceDefinition().spec.versions[0]?.schema.openAPIV3Schema.properties ?? {};
  const violations = violationsOf(definition["spec"] ?? {}, wholeAutoscaler(namespace).spec, ["spec"]);

  test("not nothing", () => expect(violations.length).toBeGreaterThan(100));
  test.each(violations.map((violation) => [violation.title, violation] as const))(
    "%s",
    async (_title, { path, change }) => {
      const document = changed(change);
      expect(await onCluster(document)).toContain(path);
      expect(inFile(document)).toContain(path);
    },
  );
});

test("two schedules of one name are refused by both", async () => {
  const schedule = { name: "night", start: "0 2 * * *", durationSeconds: 60, minReplicas: 1 };
  const document = changed(({ spec }) => set("schedules", [schedule, schedule])(spec));
  expect(await onCluster(document)).toMatch(/spec\.schedules\[1\]: Duplicate value: .*night/);
  expect(inFile(document)).toContain('spec.schedules[1].name: "night" is used twice');
});

describe("not seen by the API server, and told by the operator in a condition, is", () => {
  test.each([
    [
      "a time zone that does not exist",
      { timezone: "Mars/Olympus" },
      "spec.schedules[0].timezone: unknown time zone",
    ],
    [
      "a cron expression that is none",
      { start: "at eight" },
      "spec.schedules[0].start: expected five fields",
    ],
  ])("%s", async (_title, more, message) => {
    const schedule = { name: "night", start: "0 2 * * *", durationSeconds: 60, minReplicas: 1, ...more };
    const document = changed(({ spec }) => set("schedules", [schedule])(spec));
    expect(await onCluster(document)).toBe("accepted");
    expect(inFile(document)).toContain(message);
  });

  test("a pattern that is no regular expression", async () => {
    const document = changed(({ spec }) => queues({ pattern: "^a[z-a]" })(spec));
    expect(await onCluster(document)).toBe("accepted");
    expect(inFile(document)).toContain("spec.queues[0].pattern: expected a regular expression");
  });

  test("a pause that is misspelt", async () => {
    const document = changed(({ metadata }) =>
      Object.assign(metadata, { annotations: { "millrace.dev/pause": "true" } }),
    );
    expect(await onCluster(document)).toBe("accepted");
    expect(inFile(document)).toContain('metadata.annotations["millrace.dev/pause"]: unknown');
  });
});
