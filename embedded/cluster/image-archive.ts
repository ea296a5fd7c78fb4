import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { SystemCommands } from "./system-commands.ts";

/** Part of an image's configuration, as a Dockerfile's ENV, CMD, ENTRYPOINT and USER would set it. */
export type ImageConfig = {
  readonly Env?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly User?: string;
};

export type ImageContent = {
  /** Names in the archive, each with a tag. */
  readonly tags: readonly string[];
  readonly config: ImageConfig;
};

const sha256Of = async (file: string): Promise<string> => {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
};

/** Writes an image of one layer, the files of `tree`, as `docker save` would. The same tree gives the same bytes. */
export const archiveTree = async (
  commands: SystemCommands,
  file: string,
  tree: string,
  { tags, config }: ImageContent,
): Promise<void> => {
  await mkdir(dirname(file), { recursive: true });
  const work = await mkdtemp(`${file}.`);
  try {
    const layer = join(work, "layer.tar");
    const sameBytes = ["--numeric-owner", "--sort=name", "--mtime=@0"];
    await commands.run("tar", "-C", tree, ...sameBytes, "-cf", layer, ".");
    const rootfs = { type: "layers", diff_ids: [`sha256:${await sha256Of(layer)}`] };
    const architecture = process.arch === "x64" ? "amd64" : process.arch;
    await writeFile(join(work, "config.json"), JSON.stringify({ architecture, os: "linux", config, rootfs }));
    const manifest = [{ Config: "config.json", RepoTags: tags, Layers: ["layer.tar"] }];
    await writeFile(join(work, "manifest.json"), JSON.stringify(manifest));
    const parts = ["manifest.json", "config.json", "layer.tar"];
    await commands.run("tar", "-C", work, "-cf", join(work, "image.tar"), ...parts);
    await rename(join(work, "image.tar"), file);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};

/** An image of nothing but one statically linked program. */
export const archiveProgram = async (
  commands: SystemCommands,
  file: string,
  program: string,
  tags: readonly string[],
): Promise<void> => {
  await mkdir(dirname(file), { recursive: true });
  const work = await mkdtemp(`${file}.`);
  try {
    const tree = join(work, "tree");
    const name = basename(program);
    await mkdir(tree, { mode: 0o755 });
    await copyFile(program, join(tree, name));
    await chmod(join(tree, name), 0o755);
    await archiveTree(commands, file, tree, {
      tags,
      config: { Entrypoint: [`/${name}`], User: "65532:65532" },
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};
