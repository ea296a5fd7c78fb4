import { readFileSync } from "node:fs";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { RELEASE, registerBuildInfo } from "./build-info.ts";

test.each(["../package.json", "../../package.json"])("the release is that of %s", (path) => {
  const manifest: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
  expect(manifest).toMatchObject({ version: RELEASE });
});

test("a component tells which version runs", async () => {
  const registry = new Registry();
  registerBuildInfo(registry, "worker");
  expect(await registry.metrics()).toContain(
    `millrace_build_info{component="worker",version="${RELEASE}"} 1\n`,
  );
});
