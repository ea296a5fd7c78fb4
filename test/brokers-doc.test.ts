import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parsePrometheus } from "../src/prometheus/options.ts";
import { parseBrokers } from "../src/rabbitmq/options.ts";

const page = readFileSync(new URL("../docs/brokers.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map((match) => match[1] ?? "");
const of = (key: string): readonly string[] => examples.filter((text) => text.startsWith(`${key}:`));

describe("the page about brokers", () => {
  test.each(of("brokers"))("shows a brokers file that is taken: %#", (text) => {
    expect(parseBrokers(parse(text))).toMatchObject({ kind: "brokers" });
  });

  test.each(of("prometheus"))("shows a Prometheus file that is taken: %#", (text) => {
    expect(parsePrometheus(parse(text))).toMatchObject({ kind: "prometheus" });
  });

  test("has examples of all ways to log in", () => {
    expect([of("brokers").length, of("prometheus").length]).toEqual([4, 1]);
    for (const key of ["passwordFile", "external", "oauth2", "bearerTokenFile"])
      expect(page.match(new RegExp(`^ +${key}:`, "m")), key).not.toBeNull();
  });
});
