import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const millrace = fileURLToPath(new URL("../../../bin/millrace.mjs", import.meta.url));

export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

/** `millrace operator` as people start it, and what it logs. */
export class OperatorProcess {
  readonly lines: LogLine[] = [];
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  #errors = "";

  constructor(flags: readonly string[]) {
    this.#child = spawn(
      process.execPath,
      [millrace, "operator", "--log-level", "debug", "--listen", "127.0.0.1:0", ...flags],
      {
        env: { PATH: process.env["PATH"], HOME: process.env["HOME"] },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const { stdout, stderr } = this.#child;
    if (stdout !== null) createInterface({ input: stdout }).on("line", (line) => this.#add(line));
    stderr?.on("data", (text: Buffer) => {
      this.#errors += text.toString();
    });
    this.#child.once("exit", () => this.#look());
  }

  /** The first line from number `from` on that is as asked; rejects when the operator ends without it. */
  line(isSo: (line: LogLine) => boolean, from = 0): Promise<LogLine> {
    const { promise, resolve, reject } = Promise.withResolvers<LogLine>();
    const look = () => {
      const found = this.lines.slice(from).find(isSo);
      if (found !== undefined) resolve(found);
      else if (this.#child.exitCode !== null) reject(new Error(`operator ended: ${this.#errors}`));
      else return;
      this.#waiting.delete(look);
    };
    this.#waiting.add(look);
    look();
    return promise;
  }

  async url(): Promise<string> {
    const { url } = await this.line(({ msg }) => msg === "operator started");
    return String(url);
  }

  get changes(): readonly { readonly from: number; readonly to: number }[] {
    return this.lines
      .filter(({ msg }) => msg === "scaled workers")
      .map(({ from, to }) => ({ from: Number(from), to: Number(to) }));
  }

  /** Sends the signal and answers with the exit code once the operator has ended; null when the signal ended it. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode;
    const exited = once(this.#child, "exit");
    this.#child.kill(signal);
    await exited;
    return this.#child.exitCode;
  }

  #add(line: string): void {
    this.lines.push(JSON.parse(line));
    this.#look();
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }
}

/** A command that ends by itself, with what it printed. */
export async function runMillrace(
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [millrace, ...args], {
    env: { PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (text: Buffer) => {
    stdout += text.toString();
  });
  child.stderr.on("data", (text: Buffer) => {
    stderr += text.toString();
  });
  await once(child, "close");
  return { code: child.exitCode, stdout, stderr };
}
