import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { buildPrograms, whyNotBuildable } from "../../embedded/cluster/go-build.ts";
import { systemCommands } from "../../embedded/cluster/system-commands.ts";

const emptyFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-programs-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
};
const options = (said: string[], env = process.env) => ({ env, say: (line: string) => void said.push(line) });

describe("programs built from pinned modules", () => {
  test("are built once, also when two want them at the same time", async () => {
    const folder = await emptyFolder();
    const said: string[] = [];
    const both = await Promise.all([
      buildPrograms(folder, ["kubeconform"], options(said)),
      buildPrograms(folder, ["kubeconform"], options(said)),
    ]);
    expect(both[0]).toEqual(both[1]);
    expect(said.filter((line) => line.startsWith("building"))).toEqual(["building kubeconform ..."]);
    expect(said.filter((line) => line.includes("waiting for"))).toHaveLength(1);
    expect(await systemCommands(process.env).run(both[0].kubeconform, "-v")).toContain("0.8.0");
    const again: string[] = [];
    await buildPrograms(folder, ["kubeconform"], options(again));
    expect(again).toEqual([]);
  });

  test("that cannot be built name the program and the compiler's words; a broken Go is named beforehand", async () => {
    const folder = await emptyFolder();
    const env = {
      ...process.env,
      GOFLAGS: "-tags=none",
      GOPROXY: "off",
      GOMODCACHE: join(folder, "modules"),
    };
    const building = buildPrograms(folder, ["kubeconform"], options([], env));
    await expect(building).rejects.toThrow(/kubeconform could not be built: [^]*GOPROXY=off/);
    expect(await whyNotBuildable(folder, ["pause"], { ...process.env, GO_BIN: "/bin/false" })).toMatch(
      /Go 1\.26/,
    );
  });
});
