import { type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { type ApiPath, urlPath } from "./api-path.ts";
import type { ClusterAccess } from "./cluster-access.ts";
import { PoolKeeper } from "./connection-pools.ts";
import { answerError, type KubernetesVerb, transportError } from "./errors.ts";
import { linesOf } from "./lines-of.ts";

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export type CallOptions = {
  readonly query?: Query;
  readonly signal?: AbortSignal;
  /** Default 10,000. */
  readonly timeoutMs?: number;
};

/** An operation of RFC 6902. */
export type JsonPatchOperation =
  | { readonly op: "test" | "add" | "replace"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string };

export type WatchEvent = { readonly type: string; readonly object: unknown };

/**
 * The API server, for any resource type. Every failure is a KubernetesError; answers are not checked against a schema.
 *
 * It talks HTTP itself: the SDK's calls open a connection with a new TLS handshake for each request.
 */
export interface ClusterClient {
  /** For messages. */
  readonly server: string;
  /** Of the kubeconfig's context, or of the pod. */
  readonly namespace: string;
  get<T>(path: ApiPath, options?: CallOptions): Promise<T>;
  /** `path` without a name. */
  list<T>(path: ApiPath, options?: CallOptions): Promise<T>;
  create<T>(path: ApiPath, body: object, options?: CallOptions): Promise<T>;
  /** A stale metadata.resourceVersion in the body is a `conflict`. */
  replace<T>(path: ApiPath, body: object, options?: CallOptions): Promise<T>;
  /** A failed `test` is `invalid`. */
  patch<T>(path: ApiPath, operations: readonly JsonPatchOperation[], options?: CallOptions): Promise<T>;
  mergePatch<T>(path: ApiPath, body: object, options?: CallOptions): Promise<T>;
  /** Server-side apply, by `query.fieldManager`. */
  apply<T>(path: ApiPath, body: object, options?: CallOptions): Promise<T>;
  delete(path: ApiPath, options?: CallOptions): Promise<void>;
  /** Not a resource: `/apis/apps/v1`, `/version`. */
  getPath<T>(urlPath: string, options?: CallOptions): Promise<T>;
  /** Events as they come, until the server ends the stream; `timeoutMs` without any bytes ends it as a `timeout`. */
  watch(path: ApiPath, options: WatchCallOptions): AsyncIterable<WatchEvent>;
  /** Connections that are open now, idle ones included. */
  openConnections(): number;
  close(): void;
}

export type WatchCallOptions = CallOptions & {
  readonly signal: AbortSignal;
  /** The server has accepted the watch. */
  readonly onOpen?: () => void;
};

export type ClusterClientOptions = {
  /** Sent as User-Agent, which the API server's audit log shows. Default `millrace`. */
  readonly userAgent?: string;
};

export const createClusterClient = (
  access: ClusterAccess,
  options: ClusterClientOptions = {},
): ClusterClient => new HttpClusterClient(access, options.userAgent ?? "millrace");

type Call = {
  readonly verb: KubernetesVerb;
  readonly path: ApiPath;
  readonly urlPath: string;
  readonly options: CallOptions;
  readonly body?: { readonly contentType: string; readonly value: unknown };
};

const defaultTimeoutMs = 10_000;
/** A page of 500 pods takes some 5 MB. */
const maxAnswerBytes = 64 * 1024 * 1024;

const methods: Readonly<Record<KubernetesVerb, string>> = {
  get: "GET",
  list: "GET",
  watch: "GET",
  create: "POST",
  update: "PUT",
  patch: "PATCH",
  delete: "DELETE",
};

class HttpClusterClient implements ClusterClient {
  readonly server: string;
  readonly namespace: string;
  readonly #access: ClusterAccess;
  readonly #userAgent: string;
  readonly #pools = new PoolKeeper();

  constructor(access: ClusterAccess, userAgent: string) {
    this.server = access.server;
    this.namespace = access.namespace;
    this.#access = access;
    this.#userAgent = userAgent;
  }

  get<T>(path: ApiPath, options: CallOptions = {}): Promise<T> {
    return this.#answer({ verb: "get", path, urlPath: urlPath(path), options });
  }

  list<T>(path: ApiPath, options: CallOptions = {}): Promise<T> {
    return this.#answer({ verb: "list", path, urlPath: urlPath(path), options });
  }

  create<T>(path: ApiPath, body: object, options: CallOptions = {}): Promise<T> {
    return this.#send("create", path, { contentType: "application/json", value: body }, options);
  }

  replace<T>(path: ApiPath, body: object, options: CallOptions = {}): Promise<T> {
    return this.#send("update", path, { contentType: "application/json", value: body }, options);
  }

  patch<T>(path: ApiPath, operations: readonly JsonPatchOperation[], options: CallOptions = {}): Promise<T> {
    return this.#send(
      "patch",
      path,
      { contentType: "application/json-patch+json", value: operations },
      options,
    );
  }

  mergePatch<T>(path: ApiPath, body: object, options: CallOptions = {}): Promise<T> {
    return this.#send("patch", path, { contentType: "application/merge-patch+json", value: body }, options);
  }

  apply<T>(path: ApiPath, body: object, options: CallOptions = {}): Promise<T> {
    // JSON is YAML.
    return this.#send("patch", path, { contentType: "application/apply-patch+yaml", value: body }, options);
  }

  async delete(path: ApiPath, options: CallOptions = {}): Promise<void> {
    await this.#answer({ verb: "delete", path, urlPath: urlPath(path), options });
  }

  getPath<T>(url: string, options: CallOptions = {}): Promise<T> {
    const path = { resource: { group: "", version: "", plural: url } };
    return this.#answer({ verb: "get", path, urlPath: url, options });
  }

  async *watch(path: ApiPath, options: WatchCallOptions): AsyncGenerator<WatchEvent, void> {
    const call: Call = { verb: "watch", path, urlPath: urlPath(path), options };
    const silence = new AbortController();
    const { timeoutMs = defaultTimeoutMs } = options;
    const onSilence = () => silence.abort(new DOMException("no bytes in time", "TimeoutError"));
    const timer = setTimeout(onSilence, timeoutMs);
    const signal = AbortSignal.any([options.signal, silence.signal]);
    try {
      const response = await this.#request(call, signal);
      options.onOpen?.();
      for await (const line of linesOf(response, () => timer.refresh())) yield JSON.parse(line) as WatchEvent;
    } catch (error) {
      throw transportError(call, this.server, signal.aborted ? signal.reason : error);
    } finally {
      clearTimeout(timer);
      // Ends the connection where the consumer leaves the loop.
      silence.abort();
    }
  }

  openConnections(): number {
    return this.#pools.openConnections;
  }

  close(): void {
    this.#pools.end();
  }

  #send<T>(
    verb: KubernetesVerb,
    path: ApiPath,
    body: NonNullable<Call["body"]>,
    options: CallOptions,
  ): Promise<T> {
    return this.#answer({ verb, path, urlPath: urlPath(path), options, body });
  }

  async #answer<T>(call: Call): Promise<T> {
    const { signal, timeoutMs = defaultTimeoutMs } = call.options;
    const deadline = AbortSignal.timeout(timeoutMs);
    const either = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
    try {
      return JSON.parse(await textOf(await this.#request(call, either))) as T;
    } catch (error) {
      throw transportError(call, this.server, either.aborted ? either.reason : error);
    }
  }

  /** The response once it began, with a status below 400. */
  async #request(call: Call, signal: AbortSignal): Promise<IncomingMessage> {
    signal.throwIfAborted();
    const { headers, tls, proxyAgent } = await this.#access.credentials();
    const pools = this.#pools.poolsFor(this.server, tls);
    const body = call.body === undefined ? undefined : JSON.stringify(call.body.value);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const begin = this.server.startsWith("http:") ? httpRequest : httpsRequest;
      const request = begin(`${this.server}${call.urlPath}${queryString(call.options.query)}`, {
        method: methods[call.verb],
        agent: proxyAgent ?? (call.verb === "watch" ? pools.watches : pools.requests),
        signal,
        headers: {
          ...headers,
          accept: "application/json",
          "user-agent": this.#userAgent,
          ...(call.body === undefined || body === undefined
            ? {}
            : { "content-type": call.body.contentType, "content-length": Buffer.byteLength(body) }),
        },
      });
      request.once("response", resolve);
      request.on("error", reject);
      request.end(body);
    });
    const { statusCode: status = 500 } = response;
    if (status < 400) return response;
    const retryAfter = response.headers["retry-after"];
    throw answerError(call, { status, body: await textOf(response), retryAfter });
  }
}

const queryString = (query: Query = {}): string => {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as const],
  );
  return pairs.length === 0 ? "" : `?${new URLSearchParams(Object.fromEntries(pairs)).toString()}`;
};

const textOf = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new Error(`an answer of more than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
};
