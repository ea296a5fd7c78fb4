import { readFile } from "node:fs/promises";
import { text as readAll } from "node:stream/consumers";
import { parseAllDocuments } from "yaml";

/** A file that cannot be read, or holds no YAML; the message names it, and the line. */
export class DocumentError extends Error {
  override readonly name = "DocumentError";
}

/** As people call it. */
export const fileTitle = (file: string): string => (file === "-" ? "standard input" : file);

/** The YAML or JSON documents of some files, in order, empty ones left out; `-` is standard input. */
export async function readDocuments(files: readonly string[]): Promise<readonly unknown[]> {
  const documents: unknown[] = [];
  for (const file of files) documents.push(...documentsOf(await textOf(file), fileTitle(file)));
  return documents;
}

async function textOf(file: string): Promise<string> {
  try {
    return file === "-" ? await readAll(process.stdin) : await readFile(file, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DocumentError(`Cannot read ${file}: ${why}`, { cause });
  }
}

function documentsOf(text: string, file: string): readonly unknown[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined)
      throw new DocumentError(`${file} is not YAML: ${error.message.trimEnd()}`, { cause: error });
    const value: unknown = plain(document, file);
    return value === null || value === undefined ? [] : [value];
  });
}

function plain(document: { toJS(): unknown }, file: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause); // an alias without its anchor, or too many
    throw new DocumentError(`${file} is not YAML: ${why}`, { cause });
  }
}
