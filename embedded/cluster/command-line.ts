import type { ClusterLevel } from "./held-cluster.ts";

/** Arguments that mean nothing; the message names each. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export type ClusterCommand =
  | { readonly kind: "help" | "build" }
  | { readonly kind: "up"; readonly level: ClusterLevel }
  | { readonly kind: "down" | "status"; readonly level: ClusterLevel | undefined }
  | {
      readonly kind: "image";
      readonly tag: string;
      readonly directory: string;
      readonly buildArguments: Readonly<Record<string, string>>;
    };

export const usage = `npm run cluster up [full|control-plane]      start a cluster, until down; full is the default
npm run cluster down [full|control-plane]    end what up started; without a level, both
npm run cluster build                        build all programs and base images, and start nothing
npm run cluster status                       what runs, and where its kubeconfig is
npm run cluster image TAG DIRECTORY [NAME=VALUE ...]
                                             build DIRECTORY/Dockerfile with these build arguments, into the full cluster

exit codes: 0 done, 1 failed, 2 wrong arguments, 3 cannot be had here, 4 another process has it, 5 (status) nothing runs`;

const levels: readonly string[] = ["full", "control-plane"] satisfies readonly ClusterLevel[];

const levelOf = (words: readonly string[]): ClusterLevel | undefined => {
  const problems = words
    .slice(0, 1)
    .filter((word) => !levels.includes(word))
    .map((word) => `${word}: expected full or control-plane`);
  problems.push(...words.slice(1).map((word) => `${word}: one argument too many`));
  if (problems.length > 0) throw new UsageError(problems.join("\n"));
  return words[0] as ClusterLevel | undefined;
};

const alone = (kind: "help" | "build", words: readonly string[]): ClusterCommand => {
  if (words.length > 0)
    throw new UsageError(words.map((word) => `${word}: one argument too many`).join("\n"));
  return { kind };
};

const imageCommand = (words: readonly string[]): ClusterCommand => {
  const [tag = "", directory = "", ...pairs] = words;
  const problems = [
    ...(/^[a-z0-9][\w./:-]*:[\w.-]+$/.test(tag) ? [] : [`TAG: expected name:tag, got ${tag || "nothing"}`]),
    ...(directory === "" ? ["DIRECTORY: required"] : []),
    ...pairs.filter((pair) => !/^\w+=/.test(pair)).map((pair) => `${pair}: expected NAME=VALUE`),
  ];
  if (problems.length > 0) throw new UsageError(problems.join("\n"));
  const entries = pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]);
  return {
    kind: "image",
    tag,
    directory,
    buildArguments: Object.fromEntries(entries) as Record<string, string>,
  };
};

export const parseArguments = (words: readonly string[]): ClusterCommand => {
  const [command = "", ...rest] = words;
  switch (command) {
    case "up":
      return { kind: "up", level: levelOf(rest) ?? "full" };
    case "down":
    case "status":
      return { kind: command, level: levelOf(rest) };
    case "image":
      return imageCommand(rest);
    case "build":
      return alone("build", rest);
    case "help":
    case "--help":
    case "-h":
      return alone("help", rest);
  }
  throw new UsageError(command === "" ? "a command is missing" : `${command}: no such command`);
};
