import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { createClusterImages } from "../../embedded/cluster/cluster-images.ts";
import { clusterFolders } from "../../embedded/cluster/folders.ts";
import { buildPrograms } from "../../embedded/cluster/go-build.ts";
import { systemCommands } from "../../embedded/cluster/system-commands.ts";

const run = promisify(execFile);
const cluster = inject("cluster");
const namespace = `images-${randomUUID().slice(0, 8)}`;
const folders = clusterFolders(process.env);
const kubectl = (...args: readonly string[]): Promise<string> =>
  systemCommands(process.env).run(
    cluster.kubectl,
    `--kubeconfig=${cluster.kubeconfig}`,
    `--namespace=${namespace}`,
    ...args,
  );

const dockerfile = `ARG BASE_IMAGE=none
FROM \${BASE_IMAGE} AS build
COPY greeting.txt /greeting.txt
RUN node -e 'require("fs").appendFileSync("/greeting.txt", " from " + process.versions.node.split(".")[0])'
FROM \${BASE_IMAGE}
COPY --from=build /greeting.txt /greeting.txt
USER 65532:65532
CMD ["node", "-e", "console.log(require('fs').readFileSync('/greeting.txt', 'utf8'))"]
`;

/** What a pod of this image prints. */
const printed = async (image: string): Promise<string> => {
  const name = `pod-${randomUUID().slice(0, 8)}`;
  await kubectl("run", name, `--image=${image}`, "--restart=Never");
  await kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", `pod/${name}`, "--timeout=120s");
  return (await kubectl("logs", name)).trim();
};

describe("images for the cluster, without a registry", () => {
  const said: string[] = [];
  const images = createClusterImages(folders, { env: process.env, say: (line) => said.push(line) });
  let directory: string;

  beforeAll(async () => {
    await kubectl("create", "namespace", namespace);
    directory = await mkdtemp(join(tmpdir(), "millrace-image-"));
    await run("git", ["init", "--quiet", directory]);
    await writeFile(join(directory, "Dockerfile"), dockerfile);
  });
  afterAll(async () => {
    await kubectl("delete", "namespace", namespace, "--wait=false");
    await rm(directory, { recursive: true });
  });

  test("come from a Dockerfile with build arguments, once for each content", async () => {
    const tag = "millrace-test-greeting:1";
    const build = (greeting: string) =>
      writeFile(join(directory, "greeting.txt"), greeting).then(() =>
        images.buildImage(tag, { directory, buildArguments: { BASE_IMAGE: "node:24-slim" } }),
      );
    await build("hello");
    expect(await printed(tag)).toBe("hello from 24");
    const saidBefore = said.length;
    await build("hello");
    expect(said.slice(saidBefore)).toEqual([]);
    await build("good evening");
    expect(await printed(tag)).toBe("good evening from 24");
  });

  test("come from one static program", async () => {
    const { pause } = await buildPrograms(folders.programs, ["pause"], { env: process.env, say: () => {} });
    await images.importImage("millrace-test-pause:1", { program: pause });
    await kubectl("run", "pause", "--image=millrace-test-pause:1");
    await kubectl("wait", "--for=condition=Ready", "pod/pause", "--timeout=120s");
  });

  test("are refused with the builder's last words where a Dockerfile is wrong", async () => {
    await writeFile(join(directory, "Dockerfile"), "FROM node:24-slim\nRUN echo no luck && false\n");
    await expect(images.buildImage("millrace-test-wrong:1", { directory })).rejects.toThrow(
      /RUN false|returned a non-zero/,
    );
  });
});
