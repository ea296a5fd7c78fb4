import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { urlForTest } from "./setup.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../../", import.meta.url));
const bin = (name: string): string => join(root, "node_modules", ".bin", name);

/** The first TypeScript example of the kit's README. */
async function exampleOf(readme: string): Promise<string> {
  const text = await readFile(readme, "utf8");
  return /```ts\n([\s\S]*?)```/.exec(text)?.[1] ?? "";
}

/** Builds and packs the kit outside the checkout; answers with the tarball. */
async function pack(directory: string): Promise<string> {
  await mkdir(join(directory, "kit"));
  await run(bin("tsc"), [
    "-p",
    join(root, "kit/tsconfig.build.json"),
    "--outDir",
    join(directory, "kit/dist"),
  ]);
  for (const file of ["package.json", "README.md", "LICENSE"]) {
    await copyFile(join(root, "kit", file), join(directory, "kit", file));
  }
  await run("npm", ["pack", "--pack-destination", directory], { cwd: join(directory, "kit") });
  const tarball = (await readdir(directory)).find((name) => name.endsWith(".tgz"));
  return join(directory, tarball ?? "");
}

test("the packed kit installs into an empty project, type-checks, and runs the README's example", async () => {
  const amqpUrl = await urlForTest();
  const directory = await mkdtemp(join(tmpdir(), "millrace-pack-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const tarball = await pack(directory);
  const project = join(directory, "project");
  await mkdir(project);
  const example = await exampleOf(join(root, "kit/README.md"));
  expect(example.trim().split("\n").length).toBeLessThanOrEqual(16);
  await writeFile(
    join(project, "package.json"),
    JSON.stringify({ name: "project", type: "module", private: true }),
  );
  await writeFile(join(project, "example.ts"), example);
  await writeFile(join(project, "testing.ts"), 'export { startInMemory } from "millrace/testing";\n');
  const quietly = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"];
  const { dependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  await run("npm", ["install", ...quietly, tarball, `zod@${dependencies.zod}`], { cwd: project });
  const check = ["--noEmit", "--strict", "--target", "es2024", "--module", "nodenext", "--skipLibCheck"];
  const types = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")];
  await run(bin("tsc"), [...check, ...types, "example.ts", "testing.ts"], { cwd: project });
  const env = { PATH: process.env["PATH"], AMQP_URL: amqpUrl };
  const { stdout } = await run(process.execPath, ["example.ts"], { cwd: project, env });
  expect(stdout).toBe("Hello Ada\n");
  await run(process.execPath, ["testing.ts"], { cwd: project, env });
}, 120_000);
