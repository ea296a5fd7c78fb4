import { containerdSocket } from "./node-configuration.ts";
import type { SystemCommands } from "./system-commands.ts";

const contentLabel = "millrace.dev/content";

/** As a kubelet calls it: an image without a registry's name is one of docker.io/library. */
const fullName = (tag: string): string => {
  if (!tag.includes("/")) return `docker.io/library/${tag}`;
  const [first = ""] = tag.split("/");
  return /[.:]|^localhost$/.test(first) ? tag : `docker.io/${tag}`;
};

const ctr = (commands: SystemCommands, ...args: readonly string[]): Promise<string> =>
  commands.run("ctr", "-a", containerdSocket, "-n", "k8s.io", ...args);

/** True when the node has this image with this content. */
export const hasImage = async (commands: SystemCommands, tag: string, content: string): Promise<boolean> =>
  (await ctr(commands, "images", "ls", `name==${fullName(tag)}`)).includes(`${contentLabel}=${content}`);

/** Gives an archive's images to the node, unless it has them with the same content. */
export const importArchive = async (
  commands: SystemCommands,
  file: string,
  tags: readonly string[],
  content: string,
): Promise<void> => {
  const present = await Promise.all(tags.map((tag) => hasImage(commands, tag, content)));
  if (present.every(Boolean)) return;
  await ctr(commands, "images", "import", "--no-unpack", file);
  for (const tag of tags) await ctr(commands, "images", "label", fullName(tag), `${contentLabel}=${content}`);
};
