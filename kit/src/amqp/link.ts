import { type Channel, type ChannelModel, type ConfirmChannel, connect, credentials } from "amqplib";
import type { Logger } from "../logger.ts";
import type { Service } from "../service.ts";
import { backoffMs, type BackoffRange } from "./backoff.ts";
import { asError, untilAborted } from "./until-aborted.ts";

export type { Channel, ConfirmChannel };

/**
 * - connecting: a connection is being made and set up
 * - ready: connection and channel are open and set up
 * - blocked: ready, but the broker reads nothing that is published (memory or disk alarm)
 * - waiting: between two tries
 * - stopped: not started, or stopped
 */
export type LinkState = "connecting" | "ready" | "blocked" | "waiting" | "stopped";
export const LINK_STATES: readonly LinkState[] = ["connecting", "ready", "blocked", "waiting", "stopped"];

/** What a connection shows of itself, beside its URL. */
export type LinkAccess = {
  /** Instead of those in the URL; "certificate": the one shown to the broker says who we are (SASL EXTERNAL). */
  readonly credentials?: { readonly username: string; readonly password: string } | "certificate";
  /** As node:tls takes it; used where the URL is amqps://. */
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly servername?: string;
    readonly rejectUnauthorized?: boolean;
  };
};

export type LinkOptions = {
  /** `amqp://user:password@host:port/vhost` */
  readonly url: string;
  /** Asked before each try to connect, for what changes in time. A rejection is a try that failed. */
  readonly access?: (signal: AbortSignal) => Promise<LinkAccess>;
  /** What the link is for: part of the connection's name at the broker and of log lines. */
  readonly role: string;
  readonly logger: Logger;
  /** Default 10. A silent broker is noticed after about three of them. */
  readonly heartbeatSeconds?: number;
  /** For the TCP connection and the handshake. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Between two tries. Default 50 ms doubling to 30 s. */
  readonly backoff?: BackoffRange;
  /** In [0, 1), for the jitter of the back-off. Default Math.random. */
  readonly random?: () => number;
  /** Called once in each turn of the loop and each second while a session lives: proof that the loop turns. */
  readonly onTurn?: () => void;
};

/** One connection with one channel, from its set-up to its end. What was delivered on it is settled on it or not at all. */
export type Session<C extends Channel> = {
  /** Counts the sessions of the link, from 1. */
  readonly epoch: number;
  readonly channel: C;
  /** Aborted once the connection or the channel has ended; nothing more can be done on the session. */
  readonly signal: AbortSignal;
  /** One more channel on this connection, which may close without ending the session; the caller closes it. */
  openChannel(): Promise<Channel>;
  /** Ends the session, so that the link makes a new one. */
  fail(because: Error): void;
};

export type LinkRole<C extends Channel> = {
  /** Makes the session's channel. */
  readonly open: (connection: ChannelModel) => Promise<C>;
  /** Declares, subscribes, ... before the session counts as ready. A rejection ends the session. */
  readonly setUp: (session: Session<C>) => Promise<void>;
};

export const plainChannel = (connection: ChannelModel): Promise<Channel> => connection.createChannel();
export const confirmChannel = (connection: ChannelModel): Promise<ConfirmChannel> =>
  connection.createConfirmChannel();

const DEFAULT_BACKOFF: BackoffRange = { minMs: 50, maxMs: 30_000 };
const CLOSE_TIMEOUT_MS = 1_000;
const TURN_PERIOD_MS = 1_000;

/**
 * A supervised broker connection: connects, opens a channel, sets it up, waits for either to end, closes both, waits a
 * little, and begins again, until it is stopped. `start()` begins the loop and resolves at once, as the broker may be
 * away for long; `ready()` waits for the broker.
 */
export class Link<C extends Channel = Channel> implements Service {
  readonly #options: LinkOptions;
  readonly #role: LinkRole<C>;
  readonly #listeners = new Set<(state: LinkState) => void>();
  #state: LinkState = "stopped";
  #session: Session<C> | undefined;
  #epoch = 0;
  #stop: AbortController | undefined;
  #loop: Promise<void> = Promise.resolve();
  #failure: Error | undefined;

  constructor(options: LinkOptions, role: LinkRole<C>) {
    this.#options = options;
    this.#role = role;
  }

  get state(): LinkState {
    return this.#state;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** The session that is ready now (blocked counts); undefined while there is none. */
  get session(): Session<C> | undefined {
    return this.#session;
  }

  /** Why the last session ended or the last try failed; undefined while ready. */
  get problem(): string | undefined {
    return this.#failure?.message;
  }

  /** The same as the error it was, for who tells causes apart; undefined while ready. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Calls back at each change of state until the returned function is called. */
  onState(listener: (state: LinkState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The ready session, now or as soon as there is one. Rejects with the signal's reason when it is aborted first. */
  async ready(signal?: AbortSignal): Promise<Session<C>> {
    signal?.throwIfAborted();
    if (this.#session !== undefined) return this.#session;
    const { promise, resolve, reject } = Promise.withResolvers<Session<C>>();
    const unlisten = this.onState(() => this.#session !== undefined && resolve(this.#session));
    const onAbort = (): void => reject(asError(signal?.reason));
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await promise;
    } finally {
      unlisten();
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async start(): Promise<void> {
    if (this.#stop !== undefined) return;
    this.#stop = new AbortController();
    this.#loop = this.#run(this.#stop.signal);
    await Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stop?.abort(new Error("the link is being stopped"));
    await this.#loop;
    this.#stop = undefined;
  }

  async #run(stop: AbortSignal): Promise<void> {
    const { role, logger, backoff = DEFAULT_BACKOFF, random = Math.random, onTurn } = this.#options;
    let failures = 0;
    while (!stop.aborted) {
      onTurn?.();
      const epoch = this.#epoch;
      const problem = await this.#runSession(stop);
      failures = this.#epoch > epoch ? 0 : failures + 1;
      if (stop.aborted) break;
      this.#failure = problem;
      const waitMs = backoffMs(backoff, failures, random());
      logger.warn({ role, problem: problem.message, waitMs }, "broker link down, will try again");
      this.#setState("waiting");
      await abortableDelay(waitMs, stop);
    }
    this.#setState("stopped");
  }

  /** One session from connecting to closed. Never rejects; resolves with why it ended. */
  async #runSession(stop: AbortSignal): Promise<Error> {
    this.#setState("connecting");
    const ended = new AbortController();
    const fail = (because: Error): void => ended.abort(because);
    const socket = new AbortController();
    let connection: ChannelModel | undefined;
    let session: Session<C> | undefined;
    const onStop = (): void => {
      fail(asError(stop.reason));
      if (connection === undefined) socket.abort();
    };
    stop.addEventListener("abort", onStop);
    try {
      connection = await this.#connect(socket.signal);
      this.#watch(connection, ended.signal, fail);
      session = await this.#open(connection, ended.signal, fail);
      await untilAborted(ended.signal, this.#role.setUp(session));
      this.#becomeReady(session);
      await this.#untilEnded(ended.signal);
    } catch (error) {
      fail(asError(error));
    }
    this.#session = undefined;
    stop.removeEventListener("abort", onStop);
    if (connection !== undefined) await closeConnection(connection, session?.channel, socket);
    return asError(ended.signal.reason);
  }

  async #connect(signal: AbortSignal): Promise<ChannelModel> {
    const { url, access, role, heartbeatSeconds = 10, connectTimeoutMs = 5_000 } = this.#options;
    const shown = await access?.(signal);
    signal.throwIfAborted();
    const withHeartbeat = new URL(url);
    withHeartbeat.searchParams.set("heartbeat", String(heartbeatSeconds));
    const socketOptions = {
      timeout: connectTimeoutMs,
      noDelay: false,
      clientProperties: { connection_name: `millrace ${role}` },
      signal, // of node:net: destroys the socket
      ...shown?.tls,
      ...(shown?.credentials !== undefined && { credentials: saslOf(shown.credentials) }),
    };
    return connect(withHeartbeat.href, socketOptions);
  }

  /** The listeners come before any await: an `error` event without a listener ends the process. */
  #watch(connection: ChannelModel, ended: AbortSignal, fail: (because: Error) => void): void {
    connection.on("error", fail);
    connection.on("handler-error", fail);
    connection.on("close", () => fail(new Error("the connection closed")));
    connection.on("blocked", () => {
      if (!ended.aborted && this.#session !== undefined) this.#setState("blocked");
    });
    connection.on("unblocked", () => {
      if (!ended.aborted && this.#session !== undefined) this.#setState("ready");
    });
  }

  async #open(
    connection: ChannelModel,
    signal: AbortSignal,
    fail: (because: Error) => void,
  ): Promise<Session<C>> {
    const channel = await untilAborted(signal, this.#role.open(connection));
    channel.on("error", fail);
    channel.on("handler-error", fail);
    channel.on("close", () => fail(new Error("the channel closed")));
    return {
      epoch: this.#epoch + 1,
      channel,
      signal,
      fail,
      openChannel: async () => {
        const extra = await untilAborted(signal, connection.createChannel());
        extra.on("error", () => {}); // its caller learns of it from the call that failed
        extra.on("handler-error", fail);
        return extra;
      },
    };
  }

  #becomeReady(session: Session<C>): void {
    this.#epoch = session.epoch;
    this.#session = session;
    this.#failure = undefined;
    this.#options.logger.info({ role: this.#options.role, epoch: session.epoch }, "broker link ready");
    this.#setState("ready");
  }

  async #untilEnded(ended: AbortSignal): Promise<void> {
    const { onTurn } = this.#options;
    const timer = onTurn === undefined ? undefined : setInterval(onTurn, TURN_PERIOD_MS);
    try {
      await untilAborted(ended, new Promise<never>(() => {}));
    } finally {
      clearInterval(timer);
    }
  }

  #setState(state: LinkState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}

const saslOf = (shown: NonNullable<LinkAccess["credentials"]>) =>
  shown === "certificate" ? credentials.external() : credentials.plain(shown.username, shown.password);

async function abortableDelay(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const onAbort = (): void => resolve();
  if (signal.aborted) resolve();
  signal.addEventListener("abort", onAbort, { once: true });
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", onAbort);
}

/**
 * The channel first: acks that wait in its buffer are written before its close, but not before the connection's.
 * Closing asks the broker, who may be silent or blocked: after a second the socket is destroyed.
 */
async function closeConnection(
  connection: ChannelModel,
  channel: Channel | undefined,
  socket: AbortController,
): Promise<void> {
  const timeout = Promise.withResolvers<void>();
  const timer = setTimeout(timeout.resolve, CLOSE_TIMEOUT_MS);
  await Promise.race([closeBoth(connection, channel), timeout.promise]);
  clearTimeout(timer);
  socket.abort();
}

async function closeBoth(connection: ChannelModel, channel: Channel | undefined): Promise<void> {
  for (const part of [channel, connection]) {
    try {
      await part?.close();
    } catch {
      // closed already
    }
  }
}
