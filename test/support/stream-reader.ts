import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import type { ChangesEvent, SnapshotEvent } from "../../src/console/contract.ts";

export type StreamEvent =
  | { readonly event: "snapshot"; readonly data: SnapshotEvent; readonly text: string }
  | { readonly event: "changes"; readonly data: ChangesEvent; readonly text: string };

/** A reader of `/console/stream` over a real socket: what came, and what is awaited. */
export class StreamReader {
  readonly events: StreamEvent[] = [];
  readonly response: IncomingMessage;
  /** Resolves when the stream is over, however it ended. */
  readonly closed: Promise<void>;
  #rest = "";
  readonly #waiting = new Set<() => void>();

  private constructor(response: IncomingMessage) {
    this.response = response;
    this.closed = new Promise((resolve) => {
      response.once("close", resolve);
    });
    response.setEncoding("utf8");
    response.on("data", (text: string) => this.#take(text));
    // A stream that is cut off says so with an error before it closes.
    response.on("error", () => {});
  }

  static async open(url: string): Promise<StreamReader> {
    return new StreamReader(await StreamReader.answer(url));
  }

  /** The answer before anything of it is read: a reader that takes nothing. */
  static async answer(url: string): Promise<IncomingMessage> {
    const asked = request(new URL("/console/stream", url), { agent: false }).end();
    const [response]: IncomingMessage[] = await once(asked, "response");
    if (response === undefined) throw new Error("no answer");
    return response;
  }

  /** The first event from number `from` on that is as asked. */
  next(isSo: (event: StreamEvent) => boolean, from = 0): Promise<StreamEvent> {
    const { promise, resolve } = Promise.withResolvers<StreamEvent>();
    const look = () => {
      const found = this.events.slice(from).find(isSo);
      if (found === undefined) return;
      this.#waiting.delete(look);
      resolve(found);
    };
    this.#waiting.add(look);
    look();
    return promise;
  }

  snapshot(): Promise<SnapshotEvent> {
    return this.next(({ event }) => event === "snapshot").then(({ data }) => data as SnapshotEvent);
  }

  close(): void {
    this.response.destroy();
  }

  #take(text: string): void {
    const frames = (this.#rest + text).split("\n\n");
    this.#rest = frames.pop() ?? "";
    for (const frame of frames) {
      // Not `.`, which stops at line ends that are none in such a stream.
      const event = /^event: ([^\n\r]+)/m.exec(frame)?.[1];
      const data = /^data: ([^\n\r]+)/m.exec(frame)?.[1];
      if (data === undefined || (event !== "snapshot" && event !== "changes"))
        throw new Error(`no event of ours: ${frame}`);
      this.events.push({ event, data: JSON.parse(data), text: frame });
    }
    for (const look of this.#waiting) look();
  }
}
