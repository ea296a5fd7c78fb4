import { Worker as Thread } from "node:worker_threads";
import type { Job } from "../job/define-job.ts";
import type { AbortReason } from "../job/outcome.ts";
import type { Service } from "../service.ts";
import type { FromThread, ThrownParts, ToThread } from "./sandbox-protocol.ts";

/** A sandboxed handler's thread ended before the handler did: it called exit, ran out of memory, or was ended after its abort. */
export class SandboxCrashedError extends Error {
  override readonly name = "SandboxCrashedError";
  readonly code = "sandbox-crashed";
}

/** After an abort a thread that does not answer is ended: it may be in a loop that never looks at its signal. */
const TERMINATE_AFTER_ABORT_MS = 1_000;
/** Idle threads that are kept, over all modules. */
const MAX_IDLE_THREADS = 32;

// As source the package runs from .ts, built from .js; this file's own name tells which.
const ENTRY = new URL(
  import.meta.url.endsWith(".ts") ? "./sandbox-thread.ts" : "./sandbox-thread.js",
  import.meta.url,
);

/** Threads for handlers that would stop the event loop, and with it the heartbeats. One thread runs one job at a time. */
export class SandboxPool implements Service {
  readonly #idle = new Map<string, Thread[]>();
  readonly #all = new Set<Thread>();

  async start(): Promise<void> {
    await Promise.resolve(); // threads are made when they are needed
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#all].map((thread) => thread.terminate()));
  }

  /** Runs a module's `run`. Rejects with what it threw, or a SandboxCrashedError. */
  async run(
    work: { readonly module: URL; readonly payload: unknown; readonly job: Job },
    signal: AbortSignal,
  ): Promise<unknown> {
    const thread = this.#take(work.module.href);
    const { promise, resolve, reject } = Promise.withResolvers<FromThread>();
    const onCrash = (cause: unknown): void =>
      reject(new SandboxCrashedError("the sandbox thread crashed", { cause }));
    const onExit = (code: number): void =>
      reject(new SandboxCrashedError(`the sandbox thread ended with code ${code} before its job did`));
    let timer: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      const reason: AbortReason = signal.reason === "draining" ? "draining" : "timeout";
      send(thread, { kind: "abort", reason });
      timer = setTimeout(() => void thread.terminate(), TERMINATE_AFTER_ABORT_MS);
    };
    thread.once("message", resolve);
    thread.once("error", onCrash);
    thread.once("exit", onExit);
    try {
      send(thread, { kind: "run", payload: work.payload, job: work.job });
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort, { once: true });
      const reply = await promise;
      this.#giveBack(work.module.href, thread);
      if (reply.kind === "returned") return reply.result;
      throw errorOf(reply.thrown);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      thread.off("message", resolve);
      thread.off("error", onCrash);
      thread.off("exit", onExit);
    }
  }

  #take(module: string): Thread {
    const idle = this.#idle.get(module)?.pop();
    if (idle !== undefined) {
      idle.ref();
      return idle;
    }
    const thread = new Thread(ENTRY, { workerData: module });
    this.#all.add(thread);
    thread.on("error", () => {}); // told to the job by its own listener; an idle one's error ends it, see exit
    thread.once("exit", () => this.#forget(module, thread));
    return thread;
  }

  #giveBack(module: string, thread: Thread): void {
    const idle = this.#idle.get(module) ?? [];
    const idleCount = [...this.#idle.values()].reduce((sum, threads) => sum + threads.length, 0);
    if (idleCount >= MAX_IDLE_THREADS) {
      void thread.terminate();
      return;
    }
    idle.push(thread);
    thread.unref();
    this.#idle.set(module, idle);
  }

  #forget(module: string, thread: Thread): void {
    this.#all.delete(thread);
    const idle = this.#idle.get(module) ?? [];
    this.#idle.set(
      module,
      idle.filter((candidate) => candidate !== thread),
    );
  }
}

function send(thread: Thread, message: ToThread): void {
  thread.postMessage(message); // oxlint-disable-line unicorn/require-post-message-target-origin -- a thread has no origin, that is the browser's
}

function errorOf(thrown: ThrownParts): unknown {
  if (thrown.kind === "value") return thrown.text;
  const error = new Error(thrown.message);
  if (thrown.stack !== undefined) error.stack = thrown.stack;
  const { code, seconds } = thrown;
  return Object.assign(error, code === undefined ? {} : { code }, seconds === undefined ? {} : { seconds });
}
