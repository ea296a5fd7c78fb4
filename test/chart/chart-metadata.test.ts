import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseResource } from "../../src/resource/parse-resource.ts";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const chart = parse(read("charts/millrace/Chart.yaml")) as {
  readonly version: string;
  readonly appVersion: string;
  readonly annotations: Readonly<Record<string, string>>;
};
const { version } = JSON.parse(read("package.json")) as { readonly version: string };

test("the chart, its program and the image that it names have the package's version", () => {
  expect(chart).toMatchObject({ version, appVersion: version });
  const images = parse(chart.annotations["artifacthub.io/images"] ?? "") as readonly { image: string }[];
  expect(images.map(({ image }) => image)).toEqual([`millrace/millrace:${version}`]);
});

test("the autoscaler in the chart's metadata is one", () => {
  const [example] = parse(chart.annotations["artifacthub.io/crdsExamples"] ?? "") as readonly unknown[];
  expect(parseResource(example)).toMatchObject({ kind: "resource" });
});

test("the Dockerfile copies what is there, and its context lets it through", () => {
  const copied = [...read("Dockerfile").matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files = ""]) =>
    files.split(" "),
  );
  const allowed = new Set([...read(".dockerignore").matchAll(/^!(.+)$/gm)].map(([, path]) => path));
  expect(copied.length).toBeGreaterThan(6);
  expect(new Set(copied)).toEqual(allowed);
});
