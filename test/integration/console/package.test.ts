import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answers, createRunScope, type RunScope, untilReady } from "../../../embedded/run-scope.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../../", import.meta.url));
const copies = [
  "cp -R src/console/page dist/src/console/",
  "mkdir dist/docs && cp -R docs/*.md docs/runbooks dist/docs/",
];

let scope: RunScope;

beforeAll(async () => {
  scope = await createRunScope();
});
afterAll(() => scope.stop());

/** Builds and packs outside the checkout; answers with the unpacked package, its dependencies beside it. */
async function packed(): Promise<string> {
  const checkout = join(scope.directory, "checkout");
  await mkdir(checkout);
  const copied = [
    "src",
    "bin",
    "docs",
    "manifests",
    "package.json",
    "tsconfig.json",
    "tsconfig.build.json",
    "LICENSE",
  ];
  for (const name of [...copied, "README.md", "CHANGELOG.md"]) {
    await cp(join(root, name), join(checkout, name), { recursive: true });
  }
  await cp(join(root, "kit"), join(checkout, "kit"), {
    recursive: true,
    filter: (path) => !path.includes("node_modules"),
  });
  await symlink(join(root, "node_modules"), join(checkout, "node_modules"));
  const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  // All but the bootstrap, which is about the checkout's own node_modules.
  const [bootstrap, ...build]: readonly string[] = scripts.build.split(" && ");
  expect(bootstrap).toContain("bootstrap");
  await run("sh", ["-ec", build.join(" && ")], { cwd: checkout });
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", scope.directory], { cwd: checkout });
  const tarball = (await readdir(scope.directory)).find((name) => name.endsWith(".tgz")) ?? "";
  await run("tar", ["-xzf", join(scope.directory, tarball), "-C", scope.directory]);
  const unpacked = join(scope.directory, "package");
  await symlink(join(root, "node_modules"), join(unpacked, "node_modules"));
  return unpacked;
}

test("the packed operator serves the page and all of its files, and the runbooks", {
  timeout: 180_000,
}, async () => {
  const unpacked = await packed();
  const autoscaler = {
    apiVersion: "millrace.dev/v1alpha1",
    kind: "WorkerAutoscaler",
    metadata: { name: "images" },
    spec: {
      scaleTargetRef: { apiVersion: "millrace.dev/v1alpha1", kind: "ProcessPool", name: "workers" },
      queues: [{ name: "jobs.image" }],
      objective: { waitSeconds: 5 },
      replicas: { min: 1, max: 2 },
      mode: "DryRun",
    },
  };
  const pool = {
    apiVersion: "millrace.dev/v1alpha1",
    kind: "ProcessPool",
    metadata: { name: "workers" },
    spec: { command: ["true"] },
  };
  const config = join(scope.directory, "resources.yaml");
  await writeFile(config, `${JSON.stringify(autoscaler)}\n---\n${JSON.stringify(pool)}\n`);
  const url = `http://${scope.address}:${await scope.freePort()}`;
  const flags = {
    "--config": config,
    "--state": join(scope.directory, "state.json"),
    "--listen": new URL(url).host,
    "--prometheus-url": `http://${scope.address}:1`,
  };
  const command = [process.execPath, join(unpacked, "bin/millrace.mjs"), "operator"];
  const operator = scope.spawn("operator", [...command, "--no-fast-path", ...Object.entries(flags).flat()], {
    env: scope.env,
  });
  await untilReady("packed operator", operator, () => answers(`${url}/healthz`));
  const page = await fetch(url);
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  const text = await page.text();
  const named = [...text.matchAll(/(?:src|href)="(console\/[^"]+)"/g)].map(([, file]) => file);
  const own = (await readdir(join(root, "src/console/page"))).filter((file) => /\.(js|css|svg)$/.test(file));
  expect(named.length).toBeGreaterThan(1);
  for (const file of [
    ...named,
    ...own.map((name) => `console/${name}`),
    "console/uplot.js",
    "console/uplot.css",
  ]) {
    const answer = await fetch(`${url}/${file}`);
    expect(answer.status, file).toBe(200);
    expect((await answer.text()).length, file).toBeGreaterThan(10);
  }
  expect((await fetch(`${url}/console/tsconfig.json`)).status).toBe(404);
  expect(await (await fetch(`${url}/docs/runbooks/MillraceQueueStalled.md`)).text()).toMatch(/^# Millrace/);
  await operator.end(10_000);
});

test.each(copies)("the image has what the package has: %s", async (copy) => {
  expect(await readFile(join(root, "Dockerfile"), "utf8")).toContain(copy);
  expect(await readFile(join(root, "package.json"), "utf8")).toContain(copy);
});
