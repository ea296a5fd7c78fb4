import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { expect, test } from "vitest";

const cli = import.meta.dirname;

/** Every file and package that is loaded with a file: by its static imports, and by theirs. */
const loadedWith = (file: string, seen = new Set<string>()): Set<string> => {
  if (seen.has(file)) return seen;
  seen.add(file);
  const code = readFileSync(file, "utf8");
  for (const [, specifier = ""] of code.matchAll(
    /^(?:import|export)\b(?!\s+type\b)[^"'();=]*?["']([^"']+)["']/gm,
  )) {
    if (specifier.startsWith(".")) loadedWith(resolve(dirname(file), specifier), seen);
    else seen.add(specifier);
  }
  return seen;
};
const ofTheCluster = (file: string): string[] =>
  [...loadedWith(resolve(cli, file))].filter((path) => /kubernetes\/|@kubernetes/.test(path));

test.each(["main.ts", "worker.ts", "gateway.ts"])("%s loads nothing of a cluster", (file) => {
  expect(ofTheCluster(file)).toEqual([]);
});

test("an operator of files and an explanation by an operator load nothing of a cluster either", () => {
  expect(ofTheCluster("operator.ts")).toEqual([]);
  expect(ofTheCluster("explain.ts")).toEqual([]);
});

test("on a cluster the SDK is loaded only for a kubeconfig", () => {
  const loaded = ofTheCluster("operator-on-kubernetes.ts");
  expect(loaded.length).toBeGreaterThan(20);
  expect(loaded.filter((path) => path.startsWith("@kubernetes"))).toEqual([]);
});
