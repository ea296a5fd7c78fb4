import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { convertCommand } from "../src/cli/convert.ts";
import { convertDocuments } from "../src/convert/convert.ts";
import { scaledObjectSchema } from "../src/convert/scaled-object.ts";
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

  test("tells the derived and the chosen wait as they come out", () => {
    const waitOf = (choices: object) => {
      const trigger = { type: "rabbitmq", metadata: { queueName: "a", value: "20" } };
      const document = {
        apiVersion: "keda.sh/v1alpha1",
        kind: "ScaledObject",
        metadata: { name: "a" },
        spec: { scaleTargetRef: { name: "a" }, triggers: [trigger] },
      };
      const [one] = convertDocuments([document], { broker: "default", mode: "DryRun", ...choices }).converted;
      const resource = one?.resource as { spec: { objective: { waitSeconds: number } } } | undefined;
      return resource?.spec.objective.waitSeconds;
    };
    expect(text).toContain(
      `with 0.5 s and 4 at a time, ${waitOf({ serviceSeconds: 0.5, slotsPerReplica: 4 })} s`,
    );
    expect(text).toContain(`otherwise chooses ${waitOf({})} s`);
  });
});
