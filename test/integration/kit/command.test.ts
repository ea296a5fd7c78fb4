import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const main = fileURLToPath(new URL("../../../bin/millrace.mjs", import.meta.url));

/** `millrace worker` to its end. */
async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child: ChildProcess = spawn(process.execPath, [main, "worker", ...args], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const [code]: unknown[] = await once(child, "close");
  return { code, errors };
}

async function moduleOf(text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-worker-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, "jobs.mjs");
  await writeFile(file, text);
  return file;
}

test("every wrong flag is named on a line of its own, numbers and ranges too, with exit code 2", async () => {
  const unfinished = await moduleOf("export const job = {");
  const empty = await moduleOf("export const job = 1;");
  const numbers =
    "--concurrency many --drain-seconds -1 --delay-steps 5 1 --metrics-port 70000 --delivery-limit 0";
  const choices = "--builtin email fax --queue-type fast --log-level loud";
  const modules = ["--jobs", unfinished, empty, "nowhere.mjs"];
  const { code, errors } = await run([...modules, ...choices.split(" "), ...numbers.split(" ")]);
  expect(code).toBe(2);
  for (const problem of [
    "AMQP_URL: required",
    `--jobs ${unfinished}: Unexpected end of input`,
    `--jobs ${empty}: exports no job handler`,
    "--jobs nowhere.mjs: ",
    "SMTP_URL: required",
    '--builtin: expected email or sleep, got "fax"',
    '--concurrency: expected a number, got "many"',
    "drainSeconds: expected 0 to 86400, got -1",
    "topology.delayStepsMs: ",
    "metricsPort: expected 0 to 65535, got 70000",
    "--queue-type: ",
    "--log-level: ",
    "topology.deliveryLimit: ",
  ]) {
    expect(errors).toContain(`\n  ${problem}`);
  }
  expect(errors.split("\n").filter((line) => line.startsWith("  "))).toHaveLength(13);
});

test("a wrong address of the broker is told without its password", async () => {
  const { code, errors } = await run([], { AMQP_URL: "http://worker:secret@broker" });
  expect(code).toBe(2);
  expect(errors).toContain("\n  amqpUrl: ");
  expect(errors).not.toContain("secret");
});

test("a metrics port in use is a wrong flag", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void taken.close());
  await once(taken, "listening");
  const address = taken.address();
  const port = typeof address === "object" && address !== null ? String(address.port) : "";
  const { code, errors } = await run(["--metrics-host", "127.0.0.1", "--metrics-port", port], {
    AMQP_URL: "amqp://127.0.0.1:1",
  });
  expect(code).toBe(2);
  expect(errors).toContain(`\n  --metrics-port: ${port} is in use`);
});
