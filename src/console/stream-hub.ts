import type { ServerResponse } from "node:http";
import { securityHeaders } from "./security-headers.ts";

export type StreamLimits = {
  /** Streams at a time. */
  readonly streams: number;
  /** Bytes that one reader has not taken yet. */
  readonly backlogBytes: number;
  /** How long a reader may leave anything untaken. */
  readonly stalledMs: number;
};

/** 64 readers who all stall hold the frames of half a minute, once: they share them. */
export const usualStreamLimits: StreamLimits = { streams: 64, backlogBytes: 8_388_608, stalledMs: 30_000 };

type Stream = { readonly response: ServerResponse; takenAtMs: number };

/** Streams of server-sent events, all with the same news. One whose reader does not keep up is cut: its reader comes back and begins anew. */
export class StreamHub {
  readonly #limits: StreamLimits;
  readonly #nowMs: () => number;
  readonly #streams = new Set<Stream>();

  constructor(nowMs: () => number, limits: StreamLimits) {
    this.#nowMs = nowMs;
    this.#limits = limits;
  }

  get size(): number {
    return this.#streams.size;
  }

  get isFull(): boolean {
    return this.#streams.size >= this.#limits.streams;
  }

  /** Takes the response over for as long as its reader stays, and begins with `frame`. */
  open(response: ServerResponse, frame: Buffer): void {
    const stream = { response, takenAtMs: this.#nowMs() };
    this.#streams.add(stream);
    response.once("close", () => this.#streams.delete(stream));
    // A reader that goes away while something is written is no error of ours, and "close" follows.
    response.on("error", () => {});
    response.writeHead(200, {
      ...securityHeaders,
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      // Asks a reverse proxy not to collect it.
      "x-accel-buffering": "no",
    });
    response.write(frame);
  }

  send(frame: Buffer): void {
    for (const stream of this.#streams) {
      if (this.#keepsUp(stream)) stream.response.write(frame);
      else stream.response.destroy();
    }
  }

  /** Ends all of them; their readers come back when there is somebody to come back to. */
  end(): void {
    for (const { response } of this.#streams) response.end();
  }

  #keepsUp(stream: Stream): boolean {
    const untaken = stream.response.writableLength;
    if (untaken === 0) stream.takenAtMs = this.#nowMs();
    return untaken <= this.#limits.backlogBytes && this.#nowMs() - stream.takenAtMs <= this.#limits.stalledMs;
  }
}

/** One server-sent event. JSON has no line breaks of its own, so that no name can end it early. */
export const frameOf = (event: string, data: object): Buffer =>
  Buffer.from(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
