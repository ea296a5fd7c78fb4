import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRunScope, type RunScope } from "../../../embedded/run-scope.ts";
import { createPrometheusFloorSource } from "../../../src/prometheus/prometheus-floor-source.ts";
import { createPrometheusWorkerSource } from "../../../src/prometheus/prometheus-worker-source.ts";
import type { PrometheusOptions } from "../../../src/prometheus/prometheus-options.ts";
import { mountSecret } from "../../support/mounted-secret.ts";
import { createTestAuthority, type Issued, type TestAuthority } from "../../support/test-authority.ts";
import { createTokenServer } from "../../support/token-server.ts";

/** Of the password `scraper-password`, as Prometheus keeps it. */
const hash = "$2b$10$dmCCdCT2othOcb4HtXHot.cIfXHL14.cZODmlbo92RZpWxARKMSkO";

let scope: RunScope;
let authority: TestAuthority;
let client: Issued;
let url: string;

beforeAll(async () => {
  scope = await createRunScope();
  authority = await createTestAuthority(scope.directory);
  client = await authority.issue("operator");
  const { certFile, keyFile } = await authority.issue("prometheus", [`IP:${scope.address}`]);
  const port = await scope.freePort();
  url = `https://${scope.address}:${port}`;
  const directory = join(scope.directory, "secured");
  await mkdir(directory);
  const web = {
    tls_server_config: {
      cert_file: certFile,
      key_file: keyFile,
      client_ca_file: authority.caFile,
      client_auth_type: "RequireAndVerifyClientCert",
    },
    basic_auth_users: { scraper: hash },
  };
  await writeFile(join(directory, "web.yml"), JSON.stringify(web));
  await writeFile(join(directory, "prometheus.yml"), "{}");
  scope.spawn("secured-prometheus", [
    scope.program("prometheus"),
    `--config.file=${join(directory, "prometheus.yml")}`,
    `--web.config.file=${join(directory, "web.yml")}`,
    `--storage.tsdb.path=${join(directory, "data")}`,
    `--web.listen-address=${scope.address}:${port}`,
  ]);
});
afterAll(() => scope.stop());

/** What the expression 4 gives, or why it gives nothing. */
const ask = async (options: Omit<PrometheusOptions, "url"> & { readonly url?: string }) => {
  const { values, problems } = await createPrometheusFloorSource({ url, ...options }).read(
    ["vector(4)"],
    AbortSignal.timeout(5_000),
  );
  return values.get("vector(4)") ?? problems.get("vector(4)") ?? "nothing";
};
const tls = () => ({ caFile: authority.caFile, ...client });
const login = async (password: string) => {
  const files = await mountSecret(scope.directory, { username: "scraper", password });
  const credentials = { usernameFile: files.path("username"), passwordFile: files.path("password") };
  return { files, credentials };
};

describe("a Prometheus behind TLS that asks for our certificate and a login", () => {
  test("answers, also after the login was rotated, and says which file is wrong before", async () => {
    const { files, credentials } = await login("wrong-password");
    const source = createPrometheusFloorSource({ url, credentials, tls: tls() });
    const read = async () => await source.read(["vector(4)"], AbortSignal.timeout(5_000));
    await expect
      .poll(async () => (await read()).problems.get("vector(4)"), { timeout: 20_000 })
      .toMatch(
        /^Prometheus at https:\S+ refused user scraper \(\S+username\) and the password in \S+ \(401\): correct/,
      );
    expect([...(await read()).problems.values()].join()).not.toContain("wrong-password");
    await files.replace({ username: "scraper", password: "scraper-password" });
    expect((await read()).values.get("vector(4)")).toBe(4);
  });

  test("is told to be one that asks for a certificate, and one whose authority is not known", async () => {
    const { credentials } = await login("scraper-password");
    await expect.poll(() => ask({ credentials, tls: tls() }), { timeout: 20_000 }).toBe(4);
    expect(await ask({ credentials, tls: { caFile: authority.caFile } })).toMatch(
      /client certificate.*tls\.certFile/,
    );
    expect(await ask({ credentials, tls: client })).toMatch(/authority's certificate as tls\.caFile/);
    expect(await ask({ credentials, tls: { ...tls(), serverName: "other" } })).toMatch(/for another name/);
    expect(await ask({ credentials, tls: { ...client, insecureSkipVerify: true } })).toBe(4);
    expect(await ask({ url: url.replace("https", "http"), credentials })).toContain(
      "HTTP request to an HTTPS server.; give the address",
    );
  });

  test("takes our certificate anew when its file changes", async () => {
    const { credentials } = await login("scraper-password");
    const other = await createTestAuthority(scope.directory);
    const stranger = await other.issue("operator");
    const pair = async ({ certFile, keyFile }: Issued) => ({
      cert: await readFile(certFile, "utf8"),
      key: await readFile(keyFile, "utf8"),
    });
    const files = await mountSecret(scope.directory, await pair(stranger));
    const source = createPrometheusFloorSource({
      url,
      credentials,
      tls: { caFile: authority.caFile, certFile: files.path("cert"), keyFile: files.path("key") },
    });
    const read = async () =>
      (await source.read(["vector(4)"], AbortSignal.timeout(5_000))).values.get("vector(4)");
    expect(await read()).toBeUndefined();
    await files.replace(await pair(client));
    await expect.poll(read, { timeout: 20_000 }).toBe(4);
  });
});

describe("a Prometheus behind a gateway", () => {
  const gateway = async () => {
    const seen: Readonly<Record<string, unknown>>[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers);
      response.statusCode = request.headers.authorization?.startsWith("Bearer ") ? 200 : 302;
      response.setHeader("location", "https://login.example.com/start");
      const data = { resultType: "vector", result: [{ metric: {}, value: [1, "4"] }] };
      response.end(JSON.stringify({ status: "success", data }));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return {
      seen,
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/prometheus/`,
      close: () => {
        server.close();
        server.closeAllConnections();
      },
    };
  };

  test("gets the token of a file, a new one when the file changes, and extra headers", async () => {
    const { seen, close, ...at } = await gateway();
    const files = await mountSecret(scope.directory, { token: "first\n" });
    const source = createPrometheusFloorSource({
      ...at,
      credentials: { bearerTokenFile: files.path("token") },
      headers: { "X-Scope-OrgID": "shop" },
    });
    const read = async () =>
      (await source.read(["vector(4)"], AbortSignal.timeout(5_000))).values.get("vector(4)");
    expect(await read()).toBe(4);
    await files.replace({ token: "second" });
    expect(await read()).toBe(4);
    expect(seen.map(({ authorization }) => authorization)).toEqual(["Bearer first", "Bearer second"]);
    expect(seen[0]).toMatchObject({ "x-scope-orgid": "shop" });
    close();
  });

  test("gets a token of a token server", async () => {
    const { seen, close, ...at } = await gateway();
    const tokens = createTokenServer([]);
    await tokens.start();
    const files = await mountSecret(scope.directory, { secret: "first-secret" });
    const oauth2 = { tokenUrl: tokens.url(), clientId: "millrace", clientSecretFile: files.path("secret") };
    expect(await ask({ ...at, credentials: { oauth2 } })).toBe(4);
    expect(seen[0]?.["authorization"]).toMatch(/^Bearer \S+\.\S+\.\S+$/);
    close();
    await tokens.stop();
  });

  test("that redirects to a page for people is told, and gets no credentials elsewhere", async () => {
    const { close, ...at } = await gateway();
    const { problem } = await createPrometheusWorkerSource(at).read([], AbortSignal.timeout(5_000));
    expect(problem).toMatch(
      /\/prometheus\/api\/v1\/query redirects \(302\) to https:\/\/login\.example\.com; give the address of Prometheus itself/,
    );
    close();
  });

  test("and a token that is not there are told apart", async () => {
    expect(await ask({ credentials: { bearerTokenFile: "/none/token" } })).toMatch(
      /^Prometheus at https:\S+: \/none\/token cannot be read/,
    );
  });
});
