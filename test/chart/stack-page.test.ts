import { expect, test } from "vitest";
import { parse } from "yaml";
import { composeFile, readText } from "./compose-file.ts";

const page = readText("docs/stack.md");
const [onCluster = "", onMachine = ""] = page.split("## On one machine");

/** What a path of keys leads to; undefined where there is nothing. */
const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);

test("every value of the chart that the page names is one", () => {
  const values: unknown = parse(readText("charts/millrace/values.yaml"));
  const named = [
    ...page.matchAll(/\b(?:stack|networkPolicy|monitoring|rules|dashboards|prometheus)(?:\.[a-zA-Z]+)+/g),
  ]
    .map(([name]) => name)
    .filter((name) => !/\.(md|svc|yaml|yml)/.test(name));
  expect(new Set(named).size).toBeGreaterThan(12);
  for (const name of named) {
    // Labels are given by people.
    const path = name.split(".").filter((_key, index, keys) => keys[index - 1] !== "labels");
    expect.soft(at(values, path), name).toBeDefined();
  }
});

test("every address that it names for Docker Compose is published there, and each published one of a page is named", () => {
  const published = Object.values(composeFile().services).flatMap(({ ports = [] }) =>
    ports.map((port) => Number(port.split(":")[1])),
  );
  const named = new Set(
    [...onMachine.matchAll(/(?<=http:\/\/localhost:)\d+/g)].map(([port]) => Number(port)),
  );
  const amqp = 5672;
  expect(named).toEqual(new Set(published.filter((port) => port !== amqp)));
});

test("every port-forward that it names is one of the notes", () => {
  const notes = readText("charts/millrace/templates/NOTES.txt");
  const forwards = [...onCluster.matchAll(/`millrace(-[a-z]+ \d+)`/g)].map(([, forward]) => forward);
  expect(forwards).toHaveLength(4);
  for (const forward of forwards) expect(notes).toContain(`service/{{ $name }}${forward}`);
});
