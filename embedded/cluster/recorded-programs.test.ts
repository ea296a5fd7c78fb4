import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { processesThatName } from "../../test/support/left-behind.ts";

const module = new URL("recorded-programs.ts", import.meta.url).href;

/** A process that starts `touch <directory>/begun` as a recorded program, and ends. */
const start = async (directory: string): Promise<number | null> => {
  const command = ["touch", join(directory, "begun")];
  const code = `const { recordedSpawn } = await import(${JSON.stringify(module)});
    const spawn = recordedSpawn(${JSON.stringify(directory)}, new AbortController().signal);
    const alive = setInterval(() => {}, 1_000); // recorded programs keep nobody
    await spawn("toucher", ${JSON.stringify(command)}).ended;
    clearInterval(alive);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], { stdio: "ignore" });
  await once(child, "exit");
  return child.exitCode;
};

const freshDirectory = async (): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), "recorded-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
};

test("a program runs when its record is written", async () => {
  const directory = await freshDirectory();
  expect(await start(directory)).toBe(0);
  expect(existsSync(join(directory, "begun"))).toBe(true);
  expect(existsSync(join(directory, "processes", "toucher.json"))).toBe(true);
});

test("a program whose starter dies before the record is written never runs", async () => {
  const directory = await freshDirectory();
  await mkdir(join(directory, "processes", "toucher.json"), { recursive: true }); // so that writing it throws
  expect(await start(directory)).toBe(1);
  await expect.poll(() => processesThatName(directory)).toEqual([]);
  expect(existsSync(join(directory, "begun"))).toBe(false);
});
