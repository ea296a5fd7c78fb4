import { readFile } from "node:fs/promises";
import { parse } from "yaml";

/** The file's document; undefined, and a line in `problems`, where it cannot be read. */
export async function readYamlFile(
  flag: string,
  path: string,
  problems: string[],
): Promise<{ readonly document: unknown } | undefined> {
  try {
    return { document: parse(await readFile(path, "utf8")) };
  } catch (cause) {
    // The first line names the place; a YAML error shows the text further down, which may hold a password.
    const [why] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
    problems.push(`${flag} ${path}: ${why}`);
    return undefined;
  }
}
