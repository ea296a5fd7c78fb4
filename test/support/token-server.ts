import { createSign, generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Service } from "../../kit/src/service.ts";

export type TokenServer = Service & {
  /** Of the token endpoint. */
  url(): string;
  /** PEM of the key that its tokens are checked with. */
  readonly publicKey: string;
  /** Forms of the requests so far. */
  readonly requests: readonly URLSearchParams[];
  /** Of tokens given from now on. */
  lifeSeconds: number;
  /** Anything else is refused. */
  login: string;
};

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token endpoint for the client credentials grant, with signed tokens that RabbitMQ's oauth2 backend takes. */
export const createTokenServer = (scopes: readonly string[]): TokenServer => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const requests: URLSearchParams[] = [];
  const tokenOf = (clientId: string, lifeSeconds: number): string => {
    const exp = Math.floor(Date.now() / 1_000) + lifeSeconds;
    const claims = { aud: ["rabbitmq"], scope: scopes, client_id: clientId, exp };
    const signed = `${part({ alg: "RS256", kid: "test", typ: "JWT" })}.${part(claims)}`;
    return `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey).toString("base64url")}`;
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      requests.push(new URLSearchParams(Buffer.concat(chunks).toString()));
      const login = Buffer.from(request.headers.authorization?.split(" ")[1] ?? "", "base64").toString();
      const isKnown = login === tokens.login;
      response.statusCode = isKnown ? 200 : 401;
      const token = tokenOf(login.split(":")[0] ?? "", tokens.lifeSeconds);
      response.end(
        JSON.stringify(
          isKnown
            ? { access_token: token, token_type: "bearer", expires_in: tokens.lifeSeconds }
            : { error: "invalid_client" },
        ),
      );
    });
  });
  const tokens: TokenServer = {
    url: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
    requests,
    lifeSeconds: 300,
    login: "millrace:first-secret",
    async start() {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    },
    async stop() {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
  return tokens;
};
