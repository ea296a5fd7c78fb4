import { type Channel, Link, plainChannel, type Session } from "../../kit/src/amqp/link.ts";
import type { Logger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";
import { isLoginRefused } from "./amqp-failure.ts";
import type { BrokerAccess } from "./broker-access.ts";

export type RenewedLinkOptions = {
  /** With the vhost as its path. */
  readonly url: string;
  readonly access: BrokerAccess;
  readonly logger: Logger;
  readonly nowMs: () => number;
};

/** How often it is asked whether the access has changed. */
const checkPeriodMs = 1_000;

type Attempt = {
  readonly link: Link;
  /** Of the access that its last try to connect used. */
  version: string | undefined;
};

/**
 * A link to a broker whose credentials and certificates change in time. When they do, the connection with the new ones is
 * made first and the old one closed afterwards: if the new ones are refused, the old connection serves on for as long as
 * it lasts.
 */
export class RenewedLink implements Service {
  readonly #options: RenewedLinkOptions;
  readonly #stop = new AbortController();
  readonly #closing = new Set<Promise<void>>();
  #current: Attempt;
  #next: Attempt | undefined;
  #checkedAtMs = 0;
  #checking: Promise<void> | undefined;

  constructor(options: RenewedLinkOptions) {
    this.#options = options;
    this.#current = this.#attempt();
  }

  /** Why there is no connection, or none with the new access; undefined while all is well. */
  get failure(): Error | undefined {
    return this.#next?.link.failure ?? this.#current.link.failure;
  }

  start(): Promise<void> {
    return this.#current.link.start();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#checking;
    await Promise.all([this.#current.link.stop(), this.#next?.link.stop(), ...this.#closing]);
  }

  /** The session to use now; rejects when the signal is aborted first. To be called while nothing is under way on the last one. */
  async session(signal: AbortSignal): Promise<Session<Channel>> {
    this.#check();
    if (this.#next?.link.session !== undefined) {
      this.#close(this.#current);
      this.#current = this.#next;
      this.#next = undefined;
    }
    if (this.#next === undefined) return this.#current.link.ready(signal);
    return Promise.race([this.#current.link.ready(signal), this.#next.link.ready(signal)]);
  }

  /** In the background, as a token server may be slow. */
  #check(): void {
    const nowMs = this.#options.nowMs();
    if (this.#checking !== undefined || Math.abs(nowMs - this.#checkedAtMs) < checkPeriodMs) return;
    this.#checkedAtMs = nowMs;
    if (this.failure !== undefined && isLoginRefused(this.failure)) this.#options.access.refused();
    this.#checking = this.#renewIfChanged().finally(() => {
      this.#checking = undefined;
    });
  }

  async #renewIfChanged(): Promise<void> {
    const { access } = this.#options;
    const isChanged = ({ version }: Attempt, now: string) => version !== undefined && version !== now;
    try {
      const { version } = await access.now(this.#stop.signal);
      if (this.#stop.signal.aborted || !isChanged(this.#current, version)) return;
      if (this.#next !== undefined && !isChanged(this.#next, version)) return;
      if (this.#next !== undefined) this.#close(this.#next);
      this.#next = this.#attempt();
      await this.#next.link.start();
    } catch (error) {
      this.#options.logger.debug({ err: error }, "broker access cannot be renewed yet"); // a try to connect tells it
    }
  }

  #attempt(): Attempt {
    const { url, access, logger } = this.#options;
    const attempt: Attempt = {
      version: undefined,
      link: new Link(
        {
          url,
          role: "queue-depths",
          logger,
          access: async (signal) => {
            const now = await access.now(signal);
            attempt.version = now.version;
            return now.access;
          },
        },
        { open: plainChannel, setUp: () => Promise.resolve() },
      ),
    };
    return attempt;
  }

  #close({ link }: Attempt): void {
    const closing = link.stop().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
