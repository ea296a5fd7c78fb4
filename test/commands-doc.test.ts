import { readFileSync } from "node:fs";
import { Command, type Option } from "commander";
import { describe, expect, test } from "vitest";
import { convertCommand } from "../src/cli/convert.ts";
import { crdsCommand } from "../src/cli/crds.ts";
import { explainCommand } from "../src/cli/explain.ts";
import { addGatewayFlags } from "../src/cli/gateway-flags.ts";
import { addOperatorFlags } from "../src/cli/operator-flags.ts";
import { addWorkerFlags } from "../src/cli/worker-flags.ts";

type Row = { readonly flag: string; readonly variable?: string; readonly preset?: string };

const commands: Readonly<Record<string, Command>> = {
  operator: addOperatorFlags(new Command(), {}),
  gateway: addGatewayFlags(new Command(), {}),
  worker: addWorkerFlags(new Command(), {}),
  explain: explainCommand({}),
  convert: convertCommand({}),
  crds: crdsCommand(),
};
const sections = readFileSync(new URL("../docs/commands.md", import.meta.url), "utf8").split(
  /^## millrace /m,
);

const row = (flag: string, variable: string | undefined, preset: string | undefined): Row => ({
  flag,
  ...(variable !== undefined && { variable }),
  ...(preset !== undefined && { preset }),
});

/** The rows of the table of flags: `--flag` or `-f, --flag`, `variable` or -, `default` or -, meaning. */
const documented = (command: string): readonly Row[] => {
  const section = sections.find((text) => new RegExp(`^${command}\\b`).test(text)) ?? "";
  const cells = /^\| `(-[^`]+)` \| (?:`([^`]+)`|-) \| (?:`([^`]+)`|-) \| .+ \|$/gm;
  return [...section.matchAll(cells)].map(([, flag = "", variable, preset]) => row(flag, variable, preset));
};

/** What `--help` says: a default is told in the description, or shown by commander. */
const declared = ({ flags, description, envVar, defaultValue }: Option): Row => {
  const told = /\bdefault (.+?)(?: \(|\)|;|$)/.exec(description)?.[1];
  const shown =
    typeof defaultValue === "string" || typeof defaultValue === "number" ? String(defaultValue) : undefined;
  return row(flags, envVar ?? /\(([A-Z_]+)[;,)]/.exec(description)?.[1], told ?? shown);
};

describe.each(Object.entries(commands))("docs/commands.md, millrace %s", (name, command) => {
  test("lists each flag with its variable and its default, and no other", () => {
    expect(documented(name)).toEqual(command.options.map(declared));
  });
});

test("docs/commands.md has a section with exit codes for each command, and for no other", () => {
  expect(sections.slice(1).map((text) => /^\w+/.exec(text)?.[0])).toEqual(Object.keys(commands));
  for (const text of sections.slice(1)) expect(text).toMatch(/^\| 2 \| /m);
});
