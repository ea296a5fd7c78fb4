import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { shortRules } from "../support/short-rules.ts";
import { groups } from "./promtool.ts";

const durations = new Set(["interval", "for", "keep_firing_for"]);
const untimed = (all: typeof groups): unknown =>
  JSON.parse(JSON.stringify(all), (key, value: unknown) => (durations.has(key) ? undefined : value));

test("the rules that a real Prometheus is tested with differ from the product's in durations only", async () => {
  const directory = await mkdtemp(join(tmpdir(), "short-rules-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const files = await shortRules(directory);
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  const short = texts.flatMap((text) => (parse(text) as { groups: typeof groups }).groups);
  expect(untimed(short)).toEqual(untimed(groups));
  expect(new Set(short.map(({ interval }) => interval))).toEqual(new Set(["1s"]));
});
