import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));
let cache: string;

beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), "millrace-cache-"));
});
afterAll(() => rm(cache, { recursive: true }));

/** The tests that need a cluster, on a machine that has no Go and has built nothing yet. */
const runWithoutGo = async (project: string, more: NodeJS.ProcessEnv) => {
  const { CI: _ci, KUBECONFIG: _existing, VITEST: _inside, ...env } = process.env;
  const child = spawn(process.execPath, [vitest, "run", "--project", project, "--reporter=verbose"], {
    env: { ...env, MILLRACE_CACHE_DIR: cache, GO_BIN: join(cache, "no-go"), NO_COLOR: "1", ...more },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString("utf8");
    });
  await once(child, "close");
  return { code: child.exitCode, output };
};

describe.each(["control-plane", "cluster"])(
  "%s tests on a machine that cannot have the cluster",
  (project) => {
    test("are skipped, and say why", { timeout: 60_000 }, async () => {
      const { code, output } = await runWithoutGo(project, {});
      expect(code, output).toBe(0);
      expect(output).toMatch(/skipped: a [\w-]+ cluster cannot be had here; it needs: .*Go 1\.26 or later/);
      expect(output).toContain("1 skipped");
    });

    test("fail in CI, and say why", { timeout: 60_000 }, async () => {
      const { code, output } = await runWithoutGo(project, { CI: "true" });
      expect(code, output).toBe(1);
      expect(output).toContain("Go 1.26 or later");
      expect(output).toContain("1 failed");
    });
  },
);

test("tests that need pods are skipped on a cluster that is given, and say why", {
  timeout: 60_000,
}, async () => {
  const { code, output } = await runWithoutGo("cluster", { KUBECONFIG: "/somebody/kind.conf" });
  expect(code, output).toBe(0);
  expect(output).toMatch(/skipped: KUBECONFIG=\/somebody\/kind\.conf is not the cluster that .*Unset it/);
  expect(output).toContain("1 skipped");
});
