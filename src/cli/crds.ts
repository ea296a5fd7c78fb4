import { existsSync, readdirSync, readFileSync } from "node:fs";
import { Command } from "commander";

/** `millrace crds`: the custom resource definitions of this version, for `kubectl apply --server-side -f -`. */
export function crdsCommand(): Command {
  return new Command("crds")
    .description(
      "Prints the custom resource definitions of this version as YAML: millrace crds | kubectl apply --server-side -f -. Exit codes: 0 printed, 2 wrong usage.",
    )
    .action(() => void process.stdout.write(definitions()));
}

/** All of them, one YAML document each. */
function definitions(): string {
  const candidates = ["../../manifests/crds/", "../../../manifests/crds/"]; // from src/cli, from dist/src/cli
  const folder = candidates
    .map((candidate) => new URL(candidate, import.meta.url))
    .find((url) => existsSync(url));
  if (folder === undefined) throw new Error("the package was built without its manifests/crds");
  return readdirSync(folder)
    .toSorted((a, b) => a.localeCompare(b))
    .map((name) => `---\n${readFileSync(new URL(name, folder), "utf8")}`)
    .join("");
}
