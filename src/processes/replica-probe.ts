import type { ReplicaLoad } from "./choose-victims.ts";
import { parseLoad } from "./parse-load.ts";

/** A metrics page longer than this is not read to its end. */
const maxPageBytes = 8 * 1024 * 1024;

/** The same as the kit serves (a test holds them equal). */
export const loadMetricNames = {
  running: "worker_jobs_running",
  oldestStart: "worker_oldest_running_job_start_timestamp_seconds",
};

/** True when `/readyz` of `address` answers 200 before the signal is aborted. */
export const isReady = async (address: string, signal: AbortSignal): Promise<boolean> => {
  try {
    const response = await fetch(`http://${address}/readyz`, { signal, redirect: "manual" });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false; // not listening yet, or too slow: not ready either way
  }
};

/** What the replica runs now, from its own metrics; undefined when it does not say so before the signal is aborted. */
export const readLoad = async (url: string, signal: AbortSignal): Promise<ReplicaLoad | undefined> => {
  try {
    const response = await fetch(url, { signal, redirect: "manual" });
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel();
      return undefined;
    }
    return parseLoad(await readText(response.body), loadMetricNames);
  } catch {
    return undefined; // gone, blocked or too slow: what it runs is unknown
  }
};

const readText = async (body: ReadableStream<Uint8Array>): Promise<string> => {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maxPageBytes) throw new Error(`metrics page over ${maxPageBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
};
