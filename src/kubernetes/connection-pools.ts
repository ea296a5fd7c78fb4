import { createHash } from "node:crypto";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { TlsFiles } from "./cluster-access.ts";

/** Short requests share few connections; every watch holds one of its own for minutes. */
export type ConnectionPools = { readonly requests: HttpAgent; readonly watches: HttpAgent };

const maxRequestConnections = 16;
/** Finds a peer that vanished without a word in some 20 s (Node probes each second, ten times, after the delay). */
const keepAliveDelayMs = 10_000;
/** The API server closes idle connections after 90 s; ours go first, so that no request meets one that is being closed. */
const idleTimeoutMs = 45_000;

/** One pair of pools for as long as the TLS material is the same. */
export class PoolKeeper {
  #current: (ConnectionPools & { readonly fingerprint: string }) | undefined;

  poolsFor(server: string, tls: TlsFiles): ConnectionPools {
    const fingerprint = createHash("sha256").update(JSON.stringify(tls)).digest("base64");
    if (this.#current?.fingerprint === fingerprint) return this.#current;
    // Those in use end by themselves: requests within seconds, watches at their next renewal.
    for (const sockets of Object.values(this.#current?.requests.freeSockets ?? {}))
      for (const socket of sockets ?? []) socket.destroy();
    const options = { keepAlive: true, keepAliveMsecs: keepAliveDelayMs, timeout: idleTimeoutMs, ...tls };
    const pool = (maxSockets: number) =>
      server.startsWith("http:")
        ? new HttpAgent({ ...options, maxSockets })
        : new HttpsAgent({ ...options, maxSockets });
    const watches = pool(Number.POSITIVE_INFINITY);
    this.#current = { fingerprint, requests: pool(maxRequestConnections), watches };
    return this.#current;
  }

  /** Connections that are open now, idle ones included. */
  get openConnections(): number {
    const { requests, watches } = this.#current ?? {};
    return [requests?.sockets, requests?.freeSockets, watches?.sockets, watches?.freeSockets]
      .flatMap((bySite) => Object.values(bySite ?? {}))
      .reduce((sum, sockets) => sum + (sockets?.length ?? 0), 0);
  }

  end(): void {
    this.#current?.requests.destroy();
    this.#current?.watches.destroy();
  }
}
