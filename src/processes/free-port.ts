import { createServer } from "node:net";

/** A port of `host` that nothing listens on right now. It may be taken before the replica binds it: that replica then ends and gets another one. */
export const freePort = (host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host, port: 0, exclusive: true }, () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === "object" && address !== null) resolve(address.port);
        else reject(new Error(`no port was given at ${host}`));
      });
    });
  });
