import { rm, mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { createRunScope, type RunScope, untilReady } from "../run-scope.ts";
import type { BaseImage } from "./base-images.ts";
import { machineFolder } from "./folders.ts";
import { containerdSocket } from "./node-configuration.ts";
import type { SystemCommands } from "./system-commands.ts";

export type ImageBuild = {
  /** Holds the Dockerfile, and is its context. */
  readonly directory: string;
  readonly buildArguments?: Readonly<Record<string, string>>;
};

type Docker = (...args: readonly string[]) => Promise<string>;

const startDaemon = async (
  scope: RunScope,
  stores: string,
  commands: SystemCommands,
  work: string,
): Promise<Docker> => {
  const socket = `unix://${join(work, "docker.sock")}`;
  const daemon = scope.spawn(
    "dockerd",
    [
      commands.path("dockerd"),
      `--host=${socket}`,
      `--containerd=${containerdSocket}`,
      `--data-root=${join(stores, "docker")}`,
      `--exec-root=${join(work, "exec")}`,
      `--pidfile=${join(work, "docker.pid")}`,
      "--storage-driver=overlay2",
      "--bridge=none",
      "--iptables=false",
    ],
    { env: commands.env },
  );
  // The classic builder is a part of the daemon; the newer one would be a download.
  const docker: Docker = (...args) =>
    commands.run("env", "DOCKER_BUILDKIT=0", commands.path("docker"), "--host", socket, ...args);
  await untilReady("dockerd", daemon, () =>
    docker("version").then(
      () => true,
      () => false,
    ),
  );
  return docker;
};

/** The daemon has a store of its own, which keeps base images from one build to the next. */
const loadBases = async (docker: Docker, bases: readonly BaseImage[]): Promise<void> => {
  for (const { file, tags, content } of bases) {
    const mark = `millrace.dev/base:${content}`;
    const has = await docker("images", "--quiet", mark);
    if (has.trim() !== "") continue;
    await docker("load", "--input", file);
    await docker("tag", tags[0] ?? "", mark);
  }
};

/** `docker build` by a daemon of its own, which runs only meanwhile; writes the image's archive to `file`. */
export const buildArchive = async (
  { stores, commands, bases }: { stores: string; commands: SystemCommands; bases: readonly BaseImage[] },
  file: string,
  tag: string,
  { directory, buildArguments = {} }: ImageBuild,
): Promise<void> => {
  await mkdir(join(stores, "docker"), { recursive: true });
  const work = await mkdtemp(join(machineFolder, "docker-"));
  const scope = await createRunScope({ env: commands.env });
  try {
    const docker = await startDaemon(scope, stores, commands, work);
    await loadBases(docker, bases);
    const given = Object.entries(buildArguments).flatMap(([name, value]) => [
      "--build-arg",
      `${name}=${value}`,
    ]);
    await docker("build", "--network=host", ...given, "--tag", tag, directory);
    await docker("save", "--output", file, tag);
    // Stages of earlier builds: those of today make the next one fast, older ones only take room.
    await docker("image", "prune", "--force", "--filter", "until=24h");
  } finally {
    await scope.stop();
    await commands.run("umount", "-l", join(work, "exec", "netns", "default")).catch(() => {}); // mounted by a build only
    await rm(work, { recursive: true, force: true });
  }
};
