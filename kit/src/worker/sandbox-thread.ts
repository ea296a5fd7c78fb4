import { parentPort, workerData } from "node:worker_threads";
import type { FromThread, ThrownParts, ToThread } from "./sandbox-protocol.ts";

/** Entry of a sandbox thread: imports the handler's module, then runs one job at a time through its `run` export. */
async function main(port: NonNullable<typeof parentPort>): Promise<void> {
  const loaded: Readonly<Record<string, unknown>> = await import(String(workerData));
  const { run } = loaded;
  let controller = new AbortController();
  port.on("message", (message: ToThread) => {
    if (message.kind === "abort") return controller.abort(message.reason);
    controller = new AbortController();
    void answer(run, message, controller.signal).then((reply) => post(port, reply));
  });
}

async function answer(
  run: unknown,
  { payload, job }: Extract<ToThread, { kind: "run" }>,
  signal: AbortSignal,
): Promise<FromThread> {
  try {
    if (typeof run !== "function") throw new TypeError(`${String(workerData)} exports no function named run`);
    const result: unknown = await run(payload, { job, signal });
    return { kind: "returned", result };
  } catch (thrown) {
    return { kind: "threw", thrown: partsOf(thrown) };
  }
}

function post(port: NonNullable<typeof parentPort>, reply: FromThread): void {
  try {
    port.postMessage(reply);
  } catch (error) {
    port.postMessage({ kind: "threw", thrown: partsOf(error) } satisfies FromThread); // a result that cannot be cloned
  }
}

function partsOf(thrown: unknown): ThrownParts {
  if (!(thrown instanceof Error))
    return { kind: "value", text: typeof thrown === "string" ? thrown : JSON.stringify(thrown) };
  const { message, stack } = thrown;
  const code = "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
  const seconds = "seconds" in thrown && typeof thrown.seconds === "number" ? thrown.seconds : undefined;
  return { kind: "error", message, stack, code, seconds };
}

if (parentPort !== null) await main(parentPort);
