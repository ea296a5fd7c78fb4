import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { appendFile, copyFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { archiveTree } from "./image-archive.ts";
import type { SystemCommands } from "./system-commands.ts";

export type BaseImage = { readonly file: string; readonly tags: readonly string[]; readonly content: string };

const suite = "bookworm";
const npmVersion = "11.6.2";
/** Raised when the steps below change, so that an older archive is not taken for theirs. */
const recipe = 1;
const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const debianTree = async (folder: string, commands: SystemCommands): Promise<string> => {
  const tree = join(folder, `debian-${suite}`);
  if (existsSync(tree)) return tree;
  const work = `${tree}.new`;
  await rm(work, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await commands.run("debootstrap", "--variant=minbase", suite, work);
  for (const left of ["var/cache/apt/archives", "var/lib/apt/lists"])
    await rm(join(work, left), { recursive: true, force: true });
  await mkdir(join(work, "var/cache/apt/archives/partial"), { recursive: true });
  await mkdir(join(work, "var/lib/apt/lists/partial"), { recursive: true });
  await rename(work, tree);
  return tree;
};

/** How this machine's npm gets its packages, so that a build inside an image gets them the same way. */
type NpmSource = {
  readonly registry: string;
  /** Where the registry is behind a proxy with an authority of its own. */
  readonly authorities: string | undefined;
};

const npmSource = async (commands: SystemCommands): Promise<NpmSource> => {
  const file = commands.env["NODE_EXTRA_CA_CERTS"];
  return {
    registry: (await commands.run("npm", "config", "get", "registry")).trim(),
    authorities: file === undefined || !existsSync(file) ? undefined : readFileSync(file, "utf8"),
  };
};

/** Answers with the environment that the image needs for it. */
const addNpmSource = async (tree: string, source: NpmSource): Promise<readonly string[]> => {
  await mkdir(join(tree, "usr/local/etc"), { recursive: true });
  await writeFile(join(tree, "usr/local/etc/npmrc"), `registry=${source.registry}\n`);
  if (source.authorities === undefined) return [];
  await writeFile(join(tree, "usr/local/etc/authorities.crt"), source.authorities);
  return ["NODE_EXTRA_CA_CERTS=/usr/local/etc/authorities.crt"];
};

/** The user that Docker's official Node images have. */
const addNodeUser = async (tree: string): Promise<void> => {
  await appendFile(join(tree, "etc/passwd"), "node:x:1000:1000::/home/node:/bin/bash\n");
  await appendFile(join(tree, "etc/group"), "node:x:1000:\n");
  await mkdir(join(tree, "home/node"), { recursive: true });
};

const archiveNode = async (
  { file, tags }: BaseImage,
  debian: string,
  commands: SystemCommands,
  source: NpmSource,
): Promise<void> => {
  const tree = `${file}.tree`;
  await rm(tree, { recursive: true, force: true });
  try {
    await commands.run("cp", "-a", debian, tree);
    await copyFile(process.execPath, join(tree, "usr/local/bin/node"));
    await addNodeUser(tree);
    await commands.run("chown", "1000:1000", join(tree, "home/node"));
    const prefix = ["--global", "--prefix", join(tree, "usr/local")];
    const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    await commands.run("npm", "install", ...prefix, ...quiet, `npm@${npmVersion}`);
    const more = await addNpmSource(tree, source);
    const config = { Env: [path, `NODE_VERSION=${process.versions.node}`, ...more], Cmd: ["node"] };
    await archiveTree(commands, file, tree, { tags, config });
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
};

/**
 * Debian 12 and Node 24 as images, under the names that their official ones have, made without a registry: a
 * debootstrap root, and on it the Node that runs this, and npm.
 */
export const makeBaseImages = async (
  folder: string,
  commands: SystemCommands,
  say: (line: string) => void,
): Promise<readonly BaseImage[]> => {
  const debianContent = `${suite}-${recipe}`;
  const source = await npmSource(commands);
  const hash = createHash("sha256").update(JSON.stringify(source)).digest("hex").slice(0, 8);
  const nodeContent = `${suite}-${process.versions.node}-${npmVersion}-${hash}-${recipe}`;
  const debian = {
    file: join(folder, `debian-${debianContent}.tar`),
    tags: ["debian:12"],
    content: debianContent,
  };
  const node = {
    file: join(folder, `node-${nodeContent}.tar`),
    tags: ["node:24", "node:24-slim"],
    content: nodeContent,
  };
  if (existsSync(debian.file) && existsSync(node.file)) return [debian, node];
  const startedMs = performance.now();
  say("making the images debian:12 and node:24 ...");
  const tree = await debianTree(folder, commands);
  if (!existsSync(debian.file))
    await archiveTree(commands, debian.file, tree, {
      tags: debian.tags,
      config: { Env: [path], Cmd: ["bash"] },
    });
  if (!existsSync(node.file)) await archiveNode(node, tree, commands, source);
  say(`made them in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
  return [debian, node];
};
