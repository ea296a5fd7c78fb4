import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describeStateStore } from "../../test/conformance/state-store-conformance.ts";
import { MemoryStateStore } from "../../test/fakes/memory-state-store.ts";
import { firstCount } from "./count-memory.ts";
import type { Decision } from "./decision-log.ts";
import { createFileStateStore, type SavedState } from "./state-store.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "state-store-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const nowMs = () => 42;
const storeAt = (path: string) => createFileStateStore(path, { nowMs });
const decision: Decision = {
  kind: "scale",
  from: 1,
  to: 3,
  recommended: 3,
  reason: "load",
  limitedBy: ["max"],
  feasibility: { kind: "feasible" },
  estimate: { serviceSeconds: 1 },
  terms: [{ name: "policy", replicas: 3 }],
  explanation: "because",
  atMs: 5,
  outcome: "scaled",
  repeated: 0,
};
const state: SavedState = {
  "default/images": { target: "default/ProcessPool/w", count: firstCount(3), decisions: [decision] },
};

const states = { earlier: {}, later: state };

describe("a state file", () => {
  describeStateStore(() => storeAt(join(directory, "conformance.json")), states);
});

describe("the state in memory", () => {
  describeStateStore(() => new MemoryStateStore(), states);
});

test("a missing file is an empty state and nothing to say", async () => {
  expect(await storeAt(join(directory, "none.json")).load()).toEqual({ state: {} });
});

test("what was saved comes back, also in a directory that was not there", async () => {
  const path = join(directory, "a", "b", "state.json");
  await storeAt(path).save(state);
  expect(await storeAt(path).load()).toStrictEqual({ state });
});

test("a write leaves one file, and the last one wins", async () => {
  const path = join(directory, "state.json");
  const store = storeAt(path);
  await store.save(state);
  await store.save({});
  expect(await readdir(directory)).toEqual(["state.json"]);
  expect(await store.load()).toEqual({ state: {} });
});

test("a crash in the middle of a write leaves the old state", async () => {
  const path = join(directory, "state.json");
  const store = storeAt(path);
  await store.save(state);
  await writeFile(`${path}.next`, '{"version":1,"autosc');
  expect(await store.load()).toStrictEqual({ state });
  await store.save({});
  expect(await store.load()).toEqual({ state: {} });
});

test.each([
  ["cut off", '{"version":1,"autoscalers":{'],
  ["of another version", '{"version":2,"autoscalers":{}}'],
  [
    "with a count that is none",
    '{"version":1,"autoscalers":{"a/b":{"target":"t","count":{"expected":-1},"decisions":[]}}}',
  ],
  ["empty", ""],
])("a file that is %s is kept aside, and said so", async (_what, text) => {
  const path = join(directory, "state.json");
  await writeFile(path, text);
  const loaded = await storeAt(path).load();
  expect(loaded.state).toEqual({});
  expect(loaded.notice).toContain(`${path}.corrupt-42`);
  expect(await readFile(`${path}.corrupt-42`, "utf8")).toBe(text);
  expect(await storeAt(path).load()).toEqual({ state: {} });
});

test("a file that cannot be read is a configuration error, not an empty state", async () => {
  await expect(storeAt(directory).load()).rejects.toThrow("EISDIR");
});

test("saving where it cannot be is an error", async () => {
  await writeFile(join(directory, "file"), "");
  await expect(storeAt(join(directory, "file", "state.json")).save(state)).rejects.toThrow();
});
