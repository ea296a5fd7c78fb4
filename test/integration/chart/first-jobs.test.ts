import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chartTools } from "../../chart/chart-tools.ts";
import { repository } from "../../chart/compose-file.ts";
import { installationNotes, publishingScript } from "../../chart/installation-notes.ts";
import { freshVhost, type FreshVhost } from "../../support/fresh-vhost.ts";

const tools = await chartTools();
const helm = "missing" in tools ? "" : tools.helm4;

describe.skipIf("missing" in tools)("the command of the chart's notes that submits jobs", () => {
  let vhost: FreshVhost;
  beforeAll(async () => {
    vhost = await freshVhost();
  });
  afterAll(() => vhost.remove());

  test("puts 300 into the worker's queue", async () => {
    const values = { stack: { enabled: true, rabbitmq: { enabled: true } }, worker: { enabled: true } };
    const script = publishingScript(installationNotes(helm, values)) ?? "";
    // The image has what is built of these sources.
    const here = script.replaceAll(
      /"\/app\/dist\/([^"]+)\.js"/g,
      (_whole, path) => `"${repository}${path}.ts"`,
    );
    const env = { ...process.env, AMQP_URL: vhost.amqpUrl() };
    await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", here], { env });
    const queue = () => vhost.manage("GET", "queues/{vhost}/jobs.sleep");
    await expect.poll(queue, { timeout: 20_000 }).toMatchObject({ messages_ready: 300 });
  });
});
