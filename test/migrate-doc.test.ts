import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { convertCommand } from "../src/cli/convert.ts";
import { convertDocuments } from "../src/convert/convert.ts";
import { scaledObjectSchema } from "../src/convert/scaled-object.ts";
import { trimScaledObject } from "../src/kubernetes/watched-scalers.ts";
import { pauseAnnotations } from "../src/resource/pause.ts";

const page = new URL("../docs/migrate-from-keda.md", import.meta.url);
const text = readFileSync(page, "utf8");

describe("docs/migrate-from-keda.md", () => {
  const { spec } = scaledObjectSchema.shape;
  const advanced = spec.shape.advanced.unwrap().shape;
  test.each([
    ...Object.keys(spec.shape).filter((name) => name !== "triggers"),
    ...Object.keys(advanced).filter((name) => name !== "horizontalPodAutoscalerConfig"),
  ])("says what becomes of the ScaledObject's %s", (name) => {
    expect(text).toMatch(new RegExp(`\\b${name}\\b`));
  });

  test("says what becomes of every mode, and of every annotation", () => {
    const modes = [
      "QueueLength",
      "MessageRate",
      "DeliverGetRate",
      "PublishedToDeliveredRatio",
      "ExpectedQueueConsumptionTime",
    ];
    for (const mode of modes) expect(text).toContain(`\`${mode}\``);
    for (const { name } of pauseAnnotations) expect(text).toContain(name.replace("millrace.dev", ""));
  });

  test("names only flags that there are, and links only to what there is", () => {
    const flags = convertCommand({}).options.map(({ long }) => long);
    const named = [...text.matchAll(/(--[a-z][a-z-]+)/g)].map(([, flag]) => flag);
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((flag) => flag !== undefined && !flags.includes(flag))).toEqual([]);
    for (const [, link = ""] of text.matchAll(/\]\(([^)#]+)/g))
      expect(existsSync(new URL(link, page)), link).toBe(true);
  });

  test("has commands that run as they stand: from a checkout, in a namespace", () => {
    const blocks = [...text.matchAll(/```sh\n([^]*?)```/g)].map(([, block = ""]) => block);
    const commands = blocks.flatMap((block) =>
      block
        .split("\n")
        .map((line) => line.trim())
        .filter(Boolean),
    );
    expect(commands.length).toBeGreaterThan(5);
    for (const command of commands)
      expect(command).toMatch(
        /^(npx millrace (convert --namespace shop|explain shop\/)|kubectl .* -n shop )/,
      );
  });

  test.each([
    ["scaleDown", {}, "scaleIn.idleOnly: true"],
    ["scaleUp", {}, "replicas.max: 1"],
    ["scaleDown", { minReplicaCount: 1 }, "scaleIn.enabled: false"],
    ["scaleUp", { minReplicaCount: 1 }, "scaleOut.enabled: false"],
  ])("says what %s that is Disabled becomes with %j", (direction, bounds, told) => {
    const advanced = {
      horizontalPodAutoscalerConfig: { behavior: { [direction]: { selectPolicy: "Disabled" } } },
    };
    const [rules = "", field = "", value = ""] = told.split(/\.|: /);
    expect(specOf({ advanced, ...bounds })[rules]).toMatchObject({ [field]: JSON.parse(value) });
    const rows = text
      .split("\n")
      .filter((line) => line.includes("selectPolicy: Disabled") && line.startsWith("|"));
    expect(rows.filter((row) => row.includes(`\`${told}\``))).toHaveLength(1);
  });

  test("tells the derived and the chosen wait as they come out", () => {
    const waitOf = (choices: object) => specOf({}, choices)["objective"]?.["waitSeconds"];
    expect(text).toContain(
      `with 0.5 s and 4 at a time, ${waitOf({ serviceSeconds: 0.5, slotsPerReplica: 4 })} s`,
    );
    expect(text).toContain(`otherwise chooses ${waitOf({})} s`);
  });
});

test.each(["true", "True", "t", "1", "yes", "", "TrUe", "false", "False", "FALSE", "f", "F", "0", "no"])(
  "a ScaledObject that is paused by %j is paused to the operator and to `convert`, or to neither",
  (value) => {
    const document = scaledObject({}, { "autoscaling.keda.sh/paused": value });
    const { isPaused } = trimScaledObject(document);
    const { metadata } = converted(document);
    expect(metadata.annotations).toEqual(isPaused ? { "millrace.dev/paused": "true" } : undefined);
  },
);

function scaledObject(spec: object, annotations: Readonly<Record<string, string>> = {}) {
  const trigger = { type: "rabbitmq", metadata: { queueName: "a", value: "20" } };
  return {
    apiVersion: "keda.sh/v1alpha1",
    kind: "ScaledObject",
    metadata: { name: "a", annotations },
    spec: { scaleTargetRef: { name: "a" }, triggers: [trigger], ...spec },
  };
}

type Rules = Readonly<Record<string, Readonly<Record<string, number | boolean>>>>;
type Resource = { readonly metadata: { readonly annotations?: object }; readonly spec: Rules };

function converted(document: object, choices: object = {}): Resource {
  const [one] = convertDocuments([document], { broker: "default", mode: "DryRun", ...choices }).converted;
  if (one === undefined) throw new Error("not converted");
  return one.resource as Resource;
}

const specOf = (spec: object, choices: object = {}): Rules => converted(scaledObject(spec), choices).spec;
