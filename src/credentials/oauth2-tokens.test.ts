import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTokenServer, type TokenServer } from "../../test/support/token-server.ts";
import { OAuth2Tokens } from "./oauth2-tokens.ts";

let directory: string;
let server: TokenServer;
let nowMs: number;
const signal = (): AbortSignal => AbortSignal.timeout(5_000);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "millrace-tokens-"));
  await writeFile(join(directory, "secret"), "first-secret");
  server = createTokenServer([]);
  await server.start();
  nowMs = 1_000_000;
});
afterEach(async () => {
  await server.stop();
  await rm(directory, { recursive: true });
});

const tokensOf = (tokenUrl = server.url()): OAuth2Tokens =>
  new OAuth2Tokens(
    { tokenUrl, clientId: "millrace", clientSecretFile: join(directory, "secret") },
    { nowMs: () => nowMs },
  );

describe("tokens by client credentials", () => {
  test("are asked for once, however many want one", async () => {
    const tokens = tokensOf();
    const all = await Promise.all([tokens.now(signal()), tokens.now(signal()), tokens.now(signal())]);
    expect(new Set(all.map(({ version }) => version)).size).toBe(1);
    expect(all[0].login).toMatchObject({ kind: "token", username: "millrace" });
    nowMs += 200_000;
    await tokens.now(signal());
    expect(server.requests).toHaveLength(1);
  });

  test("are renewed after seven tenths of their life, while the old one is still given", async () => {
    const tokens = tokensOf();
    const first = await tokens.now(signal());
    nowMs += 0.71 * 300_000;
    expect((await tokens.now(signal())).version).toBe(first.version);
    await expect.poll(async () => (await tokens.now(signal())).version).not.toBe(first.version);
    expect(server.requests).toHaveLength(2);
  });

  test("hold until their end while the server is away, and are told to be missing after it", async () => {
    const tokens = tokensOf();
    const first = await tokens.now(signal());
    await server.stop();
    nowMs += 290_000;
    expect((await tokens.now(signal())).version).toBe(first.version);
    nowMs += 20_000;
    await expect(tokens.now(signal())).rejects.toThrow(
      /no token for client millrace with a token of http:.*: nothing listens there/,
    );
  });

  test("that a server refused are had anew, though not at once", async () => {
    const tokens = tokensOf();
    const first = await tokens.now(signal());
    tokens.refused(first.version);
    await tokens.now(signal());
    expect(server.requests).toHaveLength(1);
    nowMs += 5_000;
    await tokens.now(signal());
    await expect.poll(async () => (await tokens.now(signal())).version).not.toBe(first.version);
  });

  test("of something that is no token endpoint are a problem with the remedy, and show no secret", async () => {
    const other = createServer((_, response) => response.end("<html>sign in</html>"));
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    const tokens = tokensOf(`http://127.0.0.1:${(other.address() as AddressInfo).port}/login`);
    const error = await tokens.now(signal()).catch((cause: unknown) => String(cause));
    expect(error).toMatch(
      /\/login answered 200 without an access_token: give the token endpoint as tokenUrl/,
    );
    expect(error).not.toContain("first-secret");
    other.close();
    other.closeAllConnections();
  });
});
