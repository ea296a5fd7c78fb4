import { expect, test } from "vitest";
import { durationBetween } from "./cron-duration.ts";
import { Notes } from "./note.ts";
import { convertOtherTriggers } from "./other-triggers.ts";

const indexed = (...triggers: readonly { type: string; metadata: Record<string, string> }[]) =>
  triggers.map((trigger, index) => ({ trigger, field: `spec.triggers[${index}]` }));
const cron = (more: Record<string, string> = {}) => ({
  type: "cron",
  metadata: {
    timezone: "Europe/Kyiv",
    start: "0 8 * * 1-5",
    end: "30 18 * * 1-5",
    desiredReplicas: "10",
    ...more,
  },
});
const prometheus = (more: Record<string, string> = {}) => ({
  type: "prometheus",
  metadata: { serverAddress: "http://prom:9090", query: "sum(lag)", threshold: "100", ...more },
});

test("cron becomes a schedule; one without a name gets one", () => {
  const night = { ...cron({ timezone: "", start: "0 22 * * *", end: "0 6 * * *" }), name: "night" };
  Reflect.deleteProperty(night.metadata, "timezone");
  const { schedules } = convertOtherTriggers(indexed(cron(), night, cron(), cron()), new Notes());
  expect(schedules).toEqual([
    {
      name: "cron",
      timezone: "Europe/Kyiv",
      start: "0 8 * * 1-5",
      durationSeconds: 37_800,
      minReplicas: 10,
    },
    { name: "night", timezone: "UTC", start: "0 22 * * *", durationSeconds: 28_800, minReplicas: 10 },
    expect.objectContaining({ name: "cron-2" }),
    expect.objectContaining({ name: "cron-3" }),
  ]);
});

test.each([
  [{ end: "0 0 * * 0" }, "not always equally long"],
  [{ start: "0 8 1 1 *", end: "0 8 1 3 *" }, "not always equally long"],
  [{ start: "0 8 1 1 *", end: "0 8 5 2 *" }, "longer than 31 days"],
  [{ start: "0 8 31 2 *" }, "never comes"],
  [{ start: "8 o'clock" }, "start: expected five fields"],
  [{ end: "0 25 * * *" }, "end: the hour field"],
  [{ timezone: "Mars/Olympus" }, "unknown time zone"],
  [{ desiredReplicas: "some" }, "desiredReplicas"],
  [{ desiredReplicas: "" }, "desiredReplicas"],
])("cron with %j is left out, and the note says why", (more, because) => {
  const notes = new Notes();
  expect(convertOtherTriggers(indexed(cron(more)), notes)).toEqual({});
  expect(notes.list).toEqual([
    { kind: "no-equal", field: "spec.triggers[0]", message: expect.stringContaining(because) },
  ]);
});

test("what ends when it starts lasts until the next time", () => {
  expect(durationBetween("0 8 * * *", "0 8 * * *")).toEqual({ kind: "duration", seconds: 86_400 });
});

test("a start that comes every day of a month lasts until the end of the same day", () => {
  expect(durationBetween("0 9 1-5 * *", "0 17 1-5 * *")).toEqual({ kind: "duration", seconds: 28_800 });
});

test("prometheus becomes a floor; of several the largest counts", () => {
  const notes = new Notes();
  expect(convertOtherTriggers(indexed(prometheus()), notes)).toEqual({
    floor: { promql: "ceil(max((sum(lag)) / 100))" },
  });
  expect(notes.list.map(({ kind }) => kind)).toEqual(["derived", "to-do"]);
  expect(
    convertOtherTriggers(indexed(prometheus(), prometheus({ query: "b", threshold: "2" })), notes),
  ).toEqual({
    floor: {
      promql:
        'ceil(max(label_replace((sum(lag)) / 100, "trigger", "1", "", "") or label_replace((b) / 2, "trigger", "2", "", "")))',
    },
  });
});

test("prometheus that does not say how many replicas it asks for is left out", () => {
  for (const trigger of [
    prometheus({ threshold: "0" }),
    prometheus({ query: " " }),
    { ...prometheus(), metricType: "Value" },
    { type: "prometheus", metadata: {} },
  ]) {
    const notes = new Notes();
    expect(convertOtherTriggers(indexed(trigger), notes)).toEqual({});
    expect(notes.list).toMatchObject([{ kind: "no-equal", field: "spec.triggers[0]" }]);
  }
});

test("a Prometheus that is not named is told as such", () => {
  const notes = new Notes();
  convertOtherTriggers(indexed({ type: "prometheus", metadata: { query: "a", threshold: "1" } }), notes);
  expect(notes.list[1]?.message).toContain("was not named");
});
