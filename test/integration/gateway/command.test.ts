import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { freshDatabase } from "../../support/fresh-database.ts";
import { type FreshVhost, freshVhost } from "../../support/fresh-vhost.ts";
import { until } from "./gateway-harness.ts";

let vhost: FreshVhost;
let directory: string;
const children: ChildProcess[] = [];

function run(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ["bin/millrace.mjs", "gateway", ...args], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  const exited = once(child, "exit").then(([code]) => code as number | null);
  return { child, output, exited };
}

beforeAll(async () => {
  vhost = await freshVhost();
  directory = await mkdtemp(join(tmpdir(), "millrace-gateway-"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
afterAll(async () => {
  await rm(directory, { recursive: true });
  await vhost.remove();
});

test("every wrong flag is named on a line of its own, with exit code 2", async () => {
  const { output, exited } = run([
    "--host",
    "0.0.0.0",
    "--port",
    "x",
    "--delivery-limit",
    "0",
    "--queue-type",
    "fast",
    "--log-level",
    "loud",
    "--jobs",
    "nowhere.js",
    "--operator-url",
    "ftp://operator",
  ]);
  expect(await exited).toBe(2);
  for (const problem of [
    "AMQP_URL",
    "DATABASE_URL",
    "host: 0.0.0.0",
    "port:",
    "deliveryLimit:",
    "--queue-type:",
    "--log-level:",
    "--jobs nowhere.js",
    "--operator-url: expected http://host:port of an operator",
  ]) {
    expect(output.stderr).toContain(`\n  ${problem}`);
  }
});

test("it serves own job types from a module, drains on SIGTERM, and exits 0", async () => {
  const module = join(directory, "greet.ts");
  const kit = JSON.stringify(resolve("kit/src/job/define-job.ts"));
  const zod = JSON.stringify(resolve("node_modules/zod/index.js"));
  await writeFile(
    module,
    `import { z } from ${zod}; import { defineJob } from ${kit};
     export const greet = defineJob({ type: "greet", payload: z.object({ name: z.string() }) });`,
  );
  const { child, output, exited } = run(["--port", "0", "--jobs", module], {
    AMQP_URL: vhost.amqpUrl(),
    DATABASE_URL: await freshDatabase(),
  });
  await until("it listens", () => output.stdout.includes("gateway listening"));
  const url = /"url":"(http:[^"]+)"/.exec(output.stdout)?.[1] ?? "";
  const post = () =>
    fetch(`${url}/v1/jobs/greet`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"name":"Ann"}',
    });
  await until("the broker's link is up", async () => (await post()).status === 202);
  child.kill("SIGTERM");
  expect(await exited).toBe(0);
  expect(output.stdout).toContain("drained");
  await expect(fetch(url)).rejects.toThrow();
});

test("a Ctrl-C drains, and a port in use is a wrong flag", async () => {
  const env = { AMQP_URL: vhost.amqpUrl(), DATABASE_URL: await freshDatabase() };
  const { child, output, exited } = run(["--port", "0"], env);
  await until("it listens", () => output.stdout.includes("gateway listening"));
  const port = /"url":"http:[^"]+:(\d+)"/.exec(output.stdout)?.[1] ?? "";
  const second = run(["--port", port], env);
  expect(await second.exited).toBe(2);
  expect(second.output.stderr).toContain(`\n  --port: ${port} is in use`);
  child.kill("SIGINT");
  expect(await exited).toBe(0);
});

test("an empty variable is no port", async () => {
  const { output, exited } = run([], { MILLRACE_PORT: "" });
  expect(await exited).toBe(2);
  expect(output.stderr).toContain("\n  port: expected 0 to 65535");
});

test("a database that is away is a failure that says so, with exit code 1", async () => {
  const { output, exited } = run(["--port", "0"], {
    AMQP_URL: vhost.amqpUrl(),
    DATABASE_URL: "postgres://nobody@127.0.0.1:1/none",
  });
  expect(await exited).toBe(1);
  expect(output.stderr).toContain("ECONNREFUSED");
});
