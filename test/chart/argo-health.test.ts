import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { programs } from "../../scripts/programs.mjs";

const lua = programs.lua.find(process.env);
const page = new URL("../../docs/install.md", import.meta.url);
const key = "resource.customizations.health.millrace.dev_WorkerAutoscaler";

/** The script that the page gives to Argo CD. */
const script = (): string => {
  const blocks = readFileSync(page, "utf8").matchAll(/^```yaml\n([^`]*)^```/gm);
  const [block] = [...blocks].map(([, text]) => text ?? "").filter((text) => text.includes(key));
  return (parse(block ?? "") as { data: Record<string, string> }).data[key] ?? "";
};

type Lua = string | number | boolean | readonly Lua[] | { readonly [name: string]: Lua };
const luaOf = (value: Lua): string => {
  if (typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `{${value.map(luaOf).join()}}`;
  return `{${Object.entries(value)
    .map(([name, inner]) => `[${JSON.stringify(name)}]=${luaOf(inner)}`)
    .join()}}`;
};

const healthOf = (status: Lua | undefined): string => {
  const object = { metadata: { generation: 2 }, ...(status === undefined ? {} : { status }) };
  const body = `local obj = ${luaOf(object)}\nlocal function health()\n${script()}\nend
    local is = health()\nio.write(is.status, ": ", is.message)`;
  return execFileSync(lua ?? "lua5.1", ["-"], { input: body, encoding: "utf8" });
};

const told = (conditions: readonly Lua[], observedGeneration = 2): Lua => ({
  observedGeneration,
  conditions,
});
const condition = (type: string, status: string): Lua => ({ type, status, message: `${type} is ${status}.` });
const ready = condition("Ready", "True");

if (lua === undefined && process.env["CI"] === "true") throw new Error("the health script needs lua5.1");

/** Argo CD's Lua is 5.1. */
describe.skipIf(lua === undefined)("the health of a WorkerAutoscaler in Argo CD", () => {
  test.each([
    ["no status yet", undefined, "Progressing: No decision yet"],
    ["a status of an older generation", told([ready], 1), "Progressing: No decision yet"],
    ["ready", told([ready, condition("TargetConflict", "False")]), "Healthy: Ready is True."],
    ["not ready", told([condition("Ready", "False")]), "Degraded: Ready is False."],
    [
      "another writer",
      told([ready, condition("TargetConflict", "True")]),
      "Degraded: TargetConflict is True.",
    ],
    [
      "no capacity",
      told([ready, condition("CapacityBlocked", "True")]),
      "Degraded: CapacityBlocked is True.",
    ],
    ["paused", told([ready, condition("Paused", "True")]), "Suspended: Paused is True."],
  ])("%s", (_title, status, health) => {
    expect(healthOf(status)).toBe(health);
  });
});
