import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { EmbeddedServiceError } from "../run-scope.ts";
import { makeBaseImages } from "./base-images.ts";
import { buildArchive, type ImageBuild } from "./docker-build.ts";
import { whileExclusive } from "./exclusive.ts";
import type { ClusterFolders } from "./folders.ts";
import { archiveProgram, archiveTree, type ImageConfig } from "./image-archive.ts";
import { hasImage, importArchive } from "./image-store.ts";
import { containerdSocket } from "./node-configuration.ts";
import { systemCommands } from "./system-commands.ts";

const run = promisify(execFile);

/** Where an image that is not built by a Dockerfile comes from. */
export type ImageSource =
  | { readonly program: string }
  | { readonly tree: string; readonly config: ImageConfig };

/** Images for the full cluster of this machine: nothing is pulled, and what the node has already is not made again. */
export type ClusterImages = {
  /** From one statically linked program, which becomes the entrypoint, or from a file tree. Give the tag a version: `latest` would be pulled. */
  importImage(tag: string, source: ImageSource): Promise<void>;
  /** By a Dockerfile; FROM debian:12 and node:24(-slim) are there. */
  buildImage(tag: string, build: ImageBuild): Promise<void>;
};

/** Of all files that git would take, so that an unchanged tree is recognised; undefined outside a repository. */
const contentOf = async ({ directory, buildArguments }: ImageBuild): Promise<string | undefined> => {
  const list = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
  const listed = await run("git", ["-C", directory, ...list], { maxBuffer: 64 * 1024 * 1024 }).catch(
    () => undefined,
  );
  if (listed === undefined) return undefined;
  const hash = createHash("sha256").update(JSON.stringify(buildArguments ?? {}));
  for (const file of listed.stdout
    .split("\0")
    .filter((name) => name !== "")
    .toSorted())
    hash.update(`${file}\0`).update(await readFile(join(directory, file)).catch(() => "")); // listed, and deleted by now
  return hash.digest("hex").slice(0, 16);
};

export const createClusterImages = (
  folders: ClusterFolders,
  options: {
    readonly env: NodeJS.ProcessEnv;
    readonly say: (line: string) => void;
    readonly signal?: AbortSignal;
  },
): ClusterImages => {
  const commands = systemCommands(options.env, options.signal);
  const work = async (action: (folder: string) => Promise<void>): Promise<void> => {
    if (!existsSync(containerdSocket))
      throw new EmbeddedServiceError("no full cluster of this machine runs: npm run cluster up");
    await mkdir(folders.images, { recursive: true });
    const folder = await mkdtemp(join(folders.images, "work-"));
    const exclusive = { name: `images-${folders.stores}`, who: `process ${process.pid}` };
    try {
      await whileExclusive(exclusive, () => action(folder));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  return {
    importImage: (tag, source) =>
      work(async (folder) => {
        const file = join(folder, "image.tar");
        if ("program" in source) await archiveProgram(commands, file, source.program, [tag]);
        else await archiveTree(commands, file, source.tree, { tags: [tag], config: source.config });
        const hash = createHash("sha256").update(await readFile(file));
        await importArchive(commands, file, [tag], hash.digest("hex").slice(0, 16));
      }),
    buildImage: (tag, build) =>
      work(async (folder) => {
        const content = await contentOf(build);
        if (content !== undefined && (await hasImage(commands, tag, content))) return;
        const startedMs = performance.now();
        options.say(`building ${tag} from ${build.directory} ...`);
        const bases = await makeBaseImages(folders.images, commands, options.say);
        const file = join(folder, "image.tar");
        await buildArchive({ stores: folders.stores, commands, bases }, file, tag, build);
        await importArchive(commands, file, [tag], content ?? `built-${Date.now()}`);
        options.say(`built ${tag} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
      }),
  };
};
