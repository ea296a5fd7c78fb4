import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { DocumentError, readDocuments } from "./read-documents.ts";

async function fileWith(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "documents-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "a.yaml"), text);
  return join(folder, "a.yaml");
}

test("reads every document of every file, YAML or JSON, and leaves empty ones out", async () => {
  const files = [await fileWith("---\na: 1\n---\n# nothing\n---\nb: [2]\n"), await fileWith('{"c":3}')];
  expect(await readDocuments(files)).toEqual([{ a: 1 }, { b: [2] }, { c: 3 }]);
});

test.each([
  ["a: [1\nb: 2\n", /is not YAML: .* at line 2, column 1/s],
  ["a: *nobody\n", /is not YAML: .*nobody/],
  ["a: 1\na: 2\n", /is not YAML: Map keys must be unique at line 2/],
])("a file with %j is told with its name and the place", async (text, message) => {
  const file = await fileWith(text);
  const error = await readDocuments([file]).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DocumentError);
  expect(String(error)).toContain(file);
  expect(String(error)).toMatch(message);
});

test("a file that is not there is told", async () => {
  await expect(readDocuments(["/nowhere/a.yaml"])).rejects.toThrow("Cannot read /nowhere/a.yaml: ENOENT");
});
