import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createClusterImages } from "../../../embedded/cluster/cluster-images.ts";
import { clusterFolders } from "../../../embedded/cluster/folders.ts";
import { programs } from "../../../scripts/programs.mjs";

const run = promisify(execFile);

/** Gives the cluster an image of one of the distribution's programs, as its entrypoint, with its libraries and its own data. */
export const importDistributionProgram = async (
  tag: string,
  name: "prometheus" | "alertmanager",
): Promise<void> => {
  const program = programs[name].find(process.env);
  if (program === undefined) throw new Error(`${programs[name].title} is missing: npm test installs it`);
  const tree = await mkdtemp(join(tmpdir(), `millrace-${name}-`));
  await chmod(tree, 0o755); // it becomes the root folder of the image
  try {
    const { stdout } = await run("ldd", [program]);
    const libraries = [...stdout.matchAll(/(?<= )\/\S+|(?<=\t)\/\S+/g)].map(([path]) => path);
    const entrypoint = `/bin/${name}`;
    const data = join("/usr/share/prometheus", name);
    const files = [...libraries, ...(existsSync(data) ? [data] : [])].map((path) => [path, path] as const);
    for (const [source, target] of [[program, entrypoint] as const, ...files])
      await cp(source, join(tree, target), { recursive: true, dereference: true });
    const images = createClusterImages(clusterFolders(process.env), { env: process.env, say: () => {} });
    await images.importImage(tag, { tree, config: { Entrypoint: [entrypoint] } });
  } finally {
    await rm(tree, { recursive: true });
  }
};
