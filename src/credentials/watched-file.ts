import { readFile, stat } from "node:fs/promises";
import { CredentialsError } from "./errors.ts";

/** A file's content now. `version` differs from the last one's whenever the content may have changed. */
export type FileNow = { readonly text: string; readonly version: string };

/** Secrets and certificates are small. */
const maxBytes = 1024 * 1024;

/**
 * A small file that others replace while we run, as the kubelet does with a mounted Secret: by swapping a symbolic link.
 * It is read again when what the path leads to is another file, or was written since.
 */
export class WatchedFile {
  readonly path: string;
  #last: FileNow | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** Rejects with a CredentialsError that names the file. */
  async now(): Promise<FileNow> {
    try {
      const { dev, ino, size, mtimeNs } = await stat(this.path, { bigint: true });
      const version = `${dev}-${ino}-${size}-${mtimeNs}`;
      if (this.#last?.version === version) return this.#last;
      if (size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
      this.#last = { text: await readFile(this.path, "utf8"), version };
      return this.#last;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new CredentialsError(
        `${this.path} cannot be read (${why}): mount the Secret that holds it, or correct the path`,
        { cause },
      );
    }
  }

  /** Its one line, without the line break that editors and `echo` leave at the end. */
  async line(): Promise<FileNow> {
    const { text, version } = await this.now();
    const line = text.replace(/\r?\n$/, "");
    if (line === "") throw new CredentialsError(`${this.path} is empty: put the value into it`);
    return { text: line, version };
  }
}
