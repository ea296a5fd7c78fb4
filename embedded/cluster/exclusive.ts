import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

export type Exclusive = {
  /** Distinguishes what is excluded; the same name excludes everyone on this machine. */
  readonly name: string;
  /** Told to those who wait. */
  readonly who: string;
  /** Called once for each holder that this one has to wait for. */
  readonly onWait?: (holder: string) => void;
  readonly signal?: AbortSignal;
};

// A socket in the abstract namespace has no file: the kernel frees its name when its process ends, in whatever way.
const addressOf = (name: string): { path: string } => ({ path: `\0millrace-${name}` });

const tryToHold = async ({ name, who }: Exclusive): Promise<(() => Promise<void>) | undefined> => {
  const waiting = new Set<Socket>();
  const server: Server = createServer((socket) => {
    waiting.add(socket);
    socket.on("error", () => {}).on("close", () => waiting.delete(socket));
    socket.write(who);
  });
  try {
    server.listen(addressOf(name));
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return undefined;
    throw error;
  }
  return async () => {
    server.close();
    for (const socket of waiting) socket.destroy();
    await once(server, "close");
  };
};

/** Resolves when the holder lets go or ends. */
const holderGone = ({ name, onWait, signal }: Exclusive): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect(addressOf(name));
    const abort = (): void => {
      socket.destroy();
      reject(signal?.reason as Error);
    };
    signal?.addEventListener("abort", abort, { once: true });
    socket.setEncoding("utf8");
    socket.once("data", (holder: string) => onWait?.(holder));
    socket.on("error", () => {}); // ECONNREFUSED: it let go in between; "close" follows
    socket.once("close", () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
  });

/** Waits until no other process of this machine holds the name, and holds it until the answered function is called. */
export const holdExclusive = async (options: Exclusive): Promise<() => Promise<void>> => {
  for (;;) {
    options.signal?.throwIfAborted();
    const release = await tryToHold(options);
    if (release !== undefined) return release;
    await holderGone(options);
  }
};

export const whileExclusive = async <T>(options: Exclusive, action: () => Promise<T>): Promise<T> => {
  const release = await holdExclusive(options);
  try {
    return await action();
  } finally {
    await release();
  }
};
