import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mountSecret } from "../../test/support/mounted-secret.ts";
import { CredentialsError } from "./errors.ts";
import { WatchedFile } from "./watched-file.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "millrace-credentials-"));
});
afterAll(() => rm(directory, { recursive: true }));

describe("a watched file", () => {
  test("is read again when the mounted Secret is swapped, also for a value of the same length", async () => {
    const secret = await mountSecret(directory, { password: "one" });
    const file = new WatchedFile(secret.path("password"));
    const first = await file.line();
    expect(await file.line()).toEqual(first);
    await secret.replace({ password: "two" });
    const second = await file.line();
    expect([first.text, second.text]).toEqual(["one", "two"]);
    expect(second.version).not.toBe(first.version);
  });

  test("gives its line without the line break at its end, and nothing else taken away", async () => {
    const path = join(directory, "line");
    for (const [content, expected] of [
      ["p w ", "p w "],
      ["pw\n", "pw"],
      ["pw\r\n", "pw"],
    ] as const) {
      await writeFile(path, content);
      expect((await new WatchedFile(path).line()).text).toBe(expected);
    }
  });

  test.each([
    [
      "is not there",
      undefined,
      /none cannot be read \(ENOENT.*\): mount the Secret that holds it, or correct the path/,
    ],
    ["is empty", "\n", /empty is empty: put the value into it/],
    ["is far too large", "x".repeat(2 * 1024 * 1024), /large cannot be read \(it is larger than/],
  ])("that %s is told with the remedy", async (what, content, expected) => {
    const path = join(directory, { "is not there": "none", "is empty": "empty" }[what] ?? "large");
    if (content !== undefined) await writeFile(path, content);
    const error: unknown = await new WatchedFile(path).line().catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(CredentialsError);
    expect(String(error)).toMatch(expected);
  });
});
