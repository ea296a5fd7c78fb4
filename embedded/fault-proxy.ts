import { EventEmitter, once } from "node:events";
import { createConnection, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Service } from "../kit/src/service.ts";

/**
 * pass: bytes go through. drop: bytes are read and thrown away, both ways, and the connections stay open (a black hole).
 * refuse: new connections are reset at once.
 */
export type FaultMode = "pass" | "drop" | "refuse";

export type FaultProxy = Service & {
  readonly host: string;
  port(): number;
  mode(mode: FaultMode): void;
  /** Only one direction is dropped: what the client sends still arrives, what the server answers does not, or the reverse. */
  dropOnly(direction: "to-server" | "to-client"): void;
  /** From now on the server's bytes reach the client so much later, in their order. */
  delay(ms: number): void;
  /** Resolves when the next bytes are thrown away. */
  nextDrop(): Promise<void>;
  /** Resets every open connection (TCP RST). */
  reset(): void;
  /** Open connections through the proxy. */
  connections(): number;
};

type Flow = { toServer: boolean; toClient: boolean; refuse: boolean };

type Passage = { passes: () => boolean; onDrop: () => void; delayMs?: () => number };

/** Passes what comes from one socket to the other while `passes` says so, and tells `onDrop` otherwise. */
const connect = (from: Socket, to: Socket, { passes, onDrop, delayMs = () => 0 }: Passage): void => {
  let before = Promise.resolve();
  const write = (chunk: Buffer): void => {
    if (!to.destroyed) to.write(chunk);
  };
  from.on("data", (chunk) => {
    if (!passes()) onDrop();
    else if (delayMs() === 0) write(chunk);
    else {
      const late = delay(delayMs());
      before = before.then(() => late).then(() => write(chunk));
    }
  });
  from.on("error", () => to.destroy());
  from.on("close", () => to.destroy());
};

/** A TCP proxy between a client and `target` that can lose bytes or reset connections on command. `listenPort` 0: any free one. */
export const createFaultProxy = (
  target: { readonly host: string; readonly port: number },
  host = "127.0.0.1",
  listenPort = 0,
): FaultProxy => {
  const pairs = new Set<{ readonly client: Socket; readonly server: Socket }>();
  const drops = new EventEmitter();
  const onDrop = (): void => void drops.emit("drop");
  let flow: Flow = { toServer: true, toClient: true, refuse: false };
  let lateMs = 0;

  const proxy = createServer((client) => {
    if (flow.refuse) {
      client.on("error", () => {});
      client.resetAndDestroy();
      return;
    }
    const server = createConnection(target);
    const pair = { client, server };
    pairs.add(pair);
    connect(client, server, { passes: () => flow.toServer, onDrop });
    connect(server, client, { passes: () => flow.toClient, onDrop, delayMs: () => lateMs });
    client.once("close", () => pairs.delete(pair));
  });

  const reset = (): void => {
    for (const { client, server } of pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  };

  return {
    host,
    port() {
      const address = proxy.address();
      if (address === null || typeof address === "string") throw new Error("the proxy is not started");
      return address.port;
    },
    mode(mode) {
      flow = { toServer: mode === "pass", toClient: mode === "pass", refuse: mode === "refuse" };
    },
    dropOnly(direction) {
      flow = { toServer: direction !== "to-server", toClient: direction !== "to-client", refuse: false };
    },
    delay(ms) {
      lateMs = ms;
    },
    nextDrop: async () => {
      await once(drops, "drop");
    },
    reset,
    connections: () => pairs.size,
    async start() {
      proxy.listen(listenPort, host);
      await once(proxy, "listening");
    },
    async stop() {
      reset();
      if (proxy.listening) await new Promise<void>((resolve) => proxy.close(() => resolve()));
    },
  };
};
