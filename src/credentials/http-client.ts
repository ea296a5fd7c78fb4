import { Agent, request } from "undici";
import { TlsFiles } from "./tls-files.ts";
import type { TlsOptions } from "./tls-options.ts";

export type HttpClientOptions = {
  readonly tls?: TlsOptions;
  /** A larger answer is refused with an AnswerTooLargeError. */
  readonly maxAnswerBytes: number;
};

export type HttpRequest = {
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
};

/** Redirects are not followed: credentials go to the configured address and nowhere else. */
export type HttpAnswer = {
  readonly status: number;
  readonly text: string;
  /** Where a redirect points. */
  readonly location?: string;
};

export class AnswerTooLargeError extends Error {
  override readonly name = "AnswerTooLargeError";
}

/** Requests to one server, with its TLS files read again when they change. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #tls: TlsFiles;
  #agent: { readonly dispatcher: Agent; readonly version: string } | undefined;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#tls = new TlsFiles(options.tls ?? {});
  }

  /** Rejects with the network's own error, or a CredentialsError about a TLS file. */
  async request(url: string, { method, headers, body, signal }: HttpRequest): Promise<HttpAnswer> {
    const dispatcher = await this.#dispatcher();
    const answer = await request(url, {
      dispatcher,
      method,
      headers,
      signal,
      ...(body !== undefined && { body }),
    });
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength;
      if (bytes > this.#options.maxAnswerBytes)
        throw new AnswerTooLargeError(`the answer is over ${this.#options.maxAnswerBytes} bytes`);
      chunks.push(chunk);
    }
    const { location } = answer.headers;
    return {
      status: answer.statusCode,
      text: Buffer.concat(chunks).toString("utf8"),
      ...(typeof location === "string" && { location }),
    };
  }

  /** Ends the connections that are kept open. A request afterwards opens new ones. */
  async close(): Promise<void> {
    const agent = this.#agent;
    this.#agent = undefined;
    await agent?.dispatcher.destroy();
  }

  async #dispatcher(): Promise<Agent> {
    const { material, version } = await this.#tls.now();
    if (this.#agent?.version === version) return this.#agent.dispatcher;
    const before = this.#agent?.dispatcher;
    const dispatcher = new Agent({ connect: { ...material, timeout: 5_000 }, connections: 8 });
    this.#agent = { dispatcher, version };
    await before?.close(); // requests under way are finished
    return dispatcher;
  }
}
