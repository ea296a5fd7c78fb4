import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadBrokers } from "./load-brokers.ts";

const fileWith = async (text: string): Promise<string> => {
  const path = join(await mkdtemp(join(tmpdir(), "brokers-")), "brokers.yaml");
  await writeFile(path, text);
  return path;
};

test("one broker by its address is the default one; none is none", async () => {
  const problems: string[] = [];
  expect(await loadBrokers({ amqpUrl: "amqp://a", managementUrl: "http://m" }, problems)).toEqual([
    { name: "default", amqpUrl: "amqp://a", managementUrl: "http://m" },
  ]);
  expect(await loadBrokers({}, problems)).toEqual([]);
  expect(problems).toEqual([]);
});

test("a file names all brokers", async () => {
  const problems: string[] = [];
  const brokersFile = await fileWith(
    "brokers:\n  - { name: a, amqpUrl: 'amqp://a', allowedVhosts: [/] }\n  - { name: b, amqpUrl: 'amqps://b' }\n",
  );
  const brokers = await loadBrokers({ brokersFile }, problems);
  expect(brokers.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(problems).toEqual([]);
});

test.each([
  ["no such file", "/nowhere/brokers.yaml", "ENOENT"],
  ["wrong YAML", "brokers: [{ amqpUrl: 'amqp://user:secret@host'", "at line 1"],
  ["a broker without an address", "brokers: [{ name: a }]", "amqpUrl: required"],
])("%s is a problem that names the flag and shows no password", async (_title, content, expected) => {
  const problems: string[] = [];
  const brokersFile = content.startsWith("/") ? content : await fileWith(content);
  expect(await loadBrokers({ brokersFile, amqpUrl: "amqp://user:secret@host" }, problems)).toEqual([]);
  expect(problems).toEqual([
    "--brokers-file: does not go with --amqp-url and --management-url: it names all brokers",
    expect.stringMatching(new RegExp(`^--brokers-file .*${expected}`)),
  ]);
  expect(problems.join()).not.toContain("secret");
});

test("a wrong address is named by its flag and not repeated", async () => {
  const problems: string[] = [];
  await loadBrokers({ amqpUrl: "http://user:secret@a", managementUrl: "amqp://user:secret@m" }, problems);
  expect(problems).toEqual([
    expect.stringContaining("--amqp-url: expected"),
    expect.stringContaining("--management-url: expected"),
  ]);
  expect(problems.join()).not.toContain("secret");
});
