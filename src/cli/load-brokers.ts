import { type BrokerOptions, parseBrokers } from "../rabbitmq/options.ts";
import { FlagReader } from "./flag-reader.ts";
import type { OperatorFlags } from "./operator-flags.ts";
import { readYamlFile } from "./read-yaml-file.ts";

/** The brokers of --brokers-file, or the one of --amqp-url as `default`. Adds to `problems` what is wrong; no secret is shown. */
export async function loadBrokers(
  flags: Pick<OperatorFlags, "amqpUrl" | "managementUrl" | "brokersFile">,
  problems: string[],
): Promise<readonly BrokerOptions[]> {
  const { amqpUrl, managementUrl, brokersFile } = flags;
  if (brokersFile === undefined) return singleBroker(flags, problems);
  if (amqpUrl !== undefined || managementUrl !== undefined) {
    problems.push("--brokers-file: does not go with --amqp-url and --management-url: it names all brokers");
  }
  const read = await readYamlFile("--brokers-file", brokersFile, problems);
  if (read === undefined) return [];
  const parsed = parseBrokers(read.document);
  if (parsed.kind === "brokers") return parsed.brokers;
  problems.push(...parsed.problems.map((problem) => `--brokers-file ${brokersFile}: ${problem}`));
  return [];
}

function singleBroker(
  flags: Pick<OperatorFlags, "amqpUrl" | "managementUrl">,
  problems: string[],
): readonly BrokerOptions[] {
  const reader = new FlagReader();
  const amqpUrl = reader.url("--amqp-url", flags.amqpUrl, ["amqp:", "amqps:"]);
  const managementUrl = reader.url("--management-url", flags.managementUrl, ["http:", "https:"]);
  problems.push(...reader.problems);
  if (amqpUrl === undefined) return [];
  return [{ name: "default", amqpUrl, ...(managementUrl !== undefined && { managementUrl }) }];
}
