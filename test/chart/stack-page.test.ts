import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { chartTools } from "./chart-tools.ts";
import { composeFile, readText, repository } from "./compose-file.ts";
import { smallest } from "./configurations.ts";
import { installationNotes, publishingScript } from "./installation-notes.ts";
import { find, renderChart, type Values } from "./render-chart.ts";

const tools = await chartTools();
const helm = "missing" in tools ? "" : tools.helm4;

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

describe.skipIf("missing" in tools)("on a cluster", () => {
  const block = (language: string, containing: string): string =>
    [...onCluster.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))]
      .map(([, text = ""]) => text)
      .find((text) => text.includes(containing)) ?? "";

  test("its installation has the image that it builds, and each part that it names", () => {
    const commands = block("sh", "helm install");
    const [, image = ""] = /docker build -t (\S+) /.exec(commands) ?? [];
    const sets = [...commands.matchAll(/--set (\S+)/g)].flatMap(([, values = ""]) => ["--set", values]);
    expect(sets).toHaveLength(4);
    const args = ["template", "millrace", "charts/millrace", "--kube-version=1.34.4", ...sets];
    const text = execFileSync(helm, args, { cwd: repository, encoding: "utf8" });
    for (const part of ["operator", "worker"])
      expect(text).toMatch(new RegExp(`name: ${part}\\n +image: "${image}"`));
    for (const [, service] of onCluster.matchAll(/`(millrace-[a-z]+) \d+`/g))
      expect(text).toContain(`name: ${service}\n`);
  });

  test("the receivers that it shows are reached beside a network policy, and write as the example does", () => {
    const shown = parse(block("yaml", "receivers:")) as Values;
    const values = { ...smallest, ...shown, networkPolicy: { enabled: true } };
    const manifests = renderChart(values, { helm });
    const { egress } = find(manifests, "NetworkPolicy", "-alertmanager").spec as {
      egress: readonly { readonly ports: readonly { readonly port: number }[] }[];
    };
    const open = egress.flatMap(({ ports }) => ports.map(({ port }) => port));
    expect(open).toEqual([53, 53, 443, 80]);
    const text = find(manifests, "ConfigMap", "-alertmanager").data?.["alertmanager.yml"] ?? "";
    type Chat = { readonly slack_configs?: readonly Readonly<Record<string, unknown>>[] };
    const chatOf = (config: string) =>
      (parse(config) as { receivers: readonly Chat[] }).receivers.flatMap(
        ({ slack_configs: one = [] }) => one,
      );
    const [ours] = chatOf(text);
    const [example] = chatOf(readText("manifests/alertmanager/alertmanager.yaml"));
    expect(ours).toMatchObject({ channel: "#millrace", text: example?.["text"], title: example?.["title"] });
  });

  test("the number of jobs that it lets one change is in the notes' command", () => {
    const notes = installationNotes(helm, {
      stack: { enabled: true, rabbitmq: { enabled: true } },
      worker: { enabled: true },
    });
    expect(onCluster).toContain("(`length: 30000`)");
    expect(publishingScript(notes)).toContain("{ length: 300 }");
  });
});
