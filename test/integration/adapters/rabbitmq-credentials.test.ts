import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect, type Channel, type ChannelModel } from "amqplib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createFaultProxy, type FaultProxy } from "../../../embedded/fault-proxy.ts";
import { createRabbitmq, type Rabbitmq } from "../../../embedded/rabbitmq.ts";
import { createRunScope, type RunScope } from "../../../embedded/run-scope.ts";
import type { BrokerSample, QueueRef } from "../../../src/operator/ports.ts";
import type { BrokerOptions } from "../../../src/rabbitmq/options.ts";
import { createRabbitmqBrokerSource } from "../../../src/rabbitmq/rabbitmq-broker-source.ts";
import { RecordingLogger } from "../../fakes/recording-logger.ts";
import { mountSecret } from "../../support/mounted-secret.ts";
import { createTestAuthority, type Issued, type TestAuthority } from "../../support/test-authority.ts";
import { createTokenServer, type TokenServer } from "../../support/token-server.ts";

const queue: QueueRef = { key: "secured///jobs.x", broker: "secured", vhost: "/", name: "jobs.x" };
const scopes = ["read", "write", "configure"].map((right) => `rabbitmq.${right}:*/*`);

let scope: RunScope;
let broker: Rabbitmq;
let authority: TestAuthority;
let client: Issued;
let tokens: TokenServer;
let amqps: number;
let https: number;
let connection: ChannelModel;
let channel: Channel;
const open: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  scope = await createRunScope();
  tokens = createTokenServer([...scopes, "rabbitmq.tag:monitoring"]);
  await tokens.start();
  authority = await createTestAuthority(scope.directory);
  client = await authority.issue("operator");
  const server = await authority.issue("server", ["DNS:rabbitmq.test"]);
  const tokenKey = join(scope.directory, "token.pem");
  await writeFile(tokenKey, tokens.publicKey);
  [amqps, https] = [await scope.freePort(), await scope.freePort()];
  const tls = (prefix: string): readonly string[] => [
    `${prefix}.cacertfile = ${authority.caFile}`,
    `${prefix}.certfile = ${server.certFile}`,
    `${prefix}.keyfile = ${server.keyFile}`,
    `${prefix}.verify = verify_peer`,
  ];
  broker = await createRabbitmq(scope, {
    plugins: ["rabbitmq_auth_mechanism_ssl", "rabbitmq_auth_backend_oauth2"],
    config: [
      `listeners.ssl.1 = ${scope.address}:${amqps}`,
      ...tls("ssl_options"),
      "ssl_options.fail_if_no_peer_cert = false",
      "auth_mechanisms.1 = PLAIN",
      "auth_mechanisms.2 = EXTERNAL",
      "ssl_cert_login_from = common_name",
      `management.ssl.ip = ${scope.address}`,
      `management.ssl.port = ${https}`,
      ...tls("management.ssl"),
      "management.ssl.fail_if_no_peer_cert = true",
      "auth_backends.1 = internal",
      "auth_backends.2 = rabbit_auth_backend_oauth2",
      "auth_oauth2.resource_server_id = rabbitmq",
      `auth_oauth2.signing_keys.test = ${tokenKey}`,
      "auth_oauth2.default_key = test",
      "auth_oauth2.algorithms.1 = RS256",
    ],
  });
  await broker.start();
  connection = await connect(broker.amqpUrl());
  channel = await connection.createChannel();
  await channel.assertQueue(queue.name);
  await setPassword("operator", "first-password");
}, 120_000);
afterAll(async () => {
  await connection?.close();
  await tokens?.stop();
  await scope.stop();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.stop()));
});

const setPassword = async (user: string, password: string): Promise<void> => {
  await broker.manage("PUT", `users/${user}`, { password, tags: "monitoring" });
  await broker.manage("PUT", `permissions/%2F/${user}`, { configure: "", write: "", read: "" });
};
const origin = (url: string): string => url.replace(/\/\/.*@/, "//").replace(/\/%2F$/, "");
const source = async (options: Omit<BrokerOptions, "name">) => {
  const logger = new RecordingLogger();
  const one = createRabbitmqBrokerSource({
    brokers: [{ name: "secured", ...options }],
    managementPeriodMs: 100,
    logger,
  });
  open.push(one);
  await one.start();
  return { read: () => one.read([queue], AbortSignal.timeout(2_000)), logger };
};
type Source = Awaited<ReturnType<typeof source>>;
/** Reads until it is so, for at most twenty seconds. */
const until = async (from: Source, isSo: (sample: BrokerSample) => boolean): Promise<BrokerSample> => {
  const endMs = performance.now() + 20_000;
  for (;;) {
    const sample = await from.read();
    if (isSo(sample)) return sample;
    if (performance.now() > endMs)
      throw new Error(`still so: ${JSON.stringify([...sample.queues])} ${sample.problem ?? ""}`);
    await delay(20);
  }
};
/**
 * Reads until there are two connections, and then one. Each look that is answered knows the queue; one that is not, in
 * time, is a stall of this machine.
 */
const renewed = async ({ secured, proxy }: { secured: Source; proxy: FaultProxy }): Promise<void> => {
  let most = 0;
  const known = new Set<boolean>();
  while (most < 2 || proxy.connections() > 1) {
    const sample = await secured.read();
    if (!whyUnknown(sample).includes("did not answer in time")) known.add(blockOf(sample) !== undefined);
    most = Math.max(most, proxy.connections());
    await delay(5);
  }
  expect([...known]).toEqual([true]);
  expect(most).toBe(2);
};
const blockOf = (sample: BrokerSample) => sample.queues.get(queue.key);
/** By both ways: unacked comes from the management API alone. */
const isWhole = (sample: BrokerSample): boolean =>
  blockOf(sample)?.unacked === 0 && sample.problem === undefined;
/** By passive declares. */
const isRead = (sample: BrokerSample): boolean =>
  blockOf(sample) !== undefined && sample.problem === undefined;
const whyUnknown = (sample: BrokerSample): string => sample.unknown?.get(queue.key) ?? "";
const amqpsUrl = (login = "operator:first-password@"): string => `amqps://${login}${scope.address}:${amqps}`;
const httpsUrl = (login = "operator:first-password@"): string => `https://${login}${scope.address}:${https}`;
const trusted = () => ({ caFile: authority.caFile, serverName: "rabbitmq.test" });

describe("TLS", () => {
  test("to the broker and to its management API, which asks for our certificate", async () => {
    const secured = await source({
      amqpUrl: amqpsUrl(),
      managementUrl: httpsUrl(),
      tls: { ...trusted(), ...client },
    });
    expect(blockOf(await until(secured, isWhole))).toMatchObject({ ready: 0, unacked: 0 });
  });

  test("by certificate alone: the user is its common name", async () => {
    const files = await mountSecret(scope.directory, { username: "operator", password: "first-password" });
    const credentials = {
      external: true as const,
      usernameFile: files.path("username"),
      passwordFile: files.path("password"),
    };
    const tls = { ...trusted(), ...client };
    const secured = await source({ amqpUrl: amqpsUrl(""), managementUrl: httpsUrl(""), credentials, tls });
    await until(secured, isWhole);
    const stranger = { ...trusted(), ...(await authority.issue("nobody")) };
    const refused = await source({ amqpUrl: amqpsUrl(""), credentials, tls: stranger });
    expect(
      whyUnknown(
        await until(
          refused,
          (sample) => sample.unknown !== undefined && !whyUnknown(sample).includes("in time"),
        ),
      ),
    ).toMatch(/^broker secured at \S+ refused the name in its certificate \(tls\.certFile\): correct/);
  });

  test.each([
    ["an authority that we do not know", {}, /authority's certificate as tls\.caFile/],
    ["another name", { serverName: "other.test" }, /for another name: .*tls\.serverName/],
    [
      "a file that is not there",
      { caFile: "/none/ca.crt" },
      /^broker secured: \/none\/ca\.crt cannot be read .*mount the Secret/,
    ],
  ])("%s is told with the remedy", async (_, tls, expected) => {
    const known = "serverName" in tls ? { caFile: authority.caFile } : {};
    const secured = await source({ amqpUrl: amqpsUrl(), tls: { ...known, ...tls } });
    await until(secured, (sample) => expected.test(whyUnknown(sample)));
  });

  test("unless nobody is to check", async () => {
    const secured = await source({ amqpUrl: amqpsUrl(), tls: { insecureSkipVerify: true } });
    await until(secured, (sample) => blockOf(sample)?.ready === 0);
  });

  test("the management API without our certificate, and a port that speaks no TLS", async () => {
    const without = await source({ amqpUrl: amqpsUrl(), managementUrl: httpsUrl(), tls: trusted() });
    await until(without, ({ problem = "" }) => problem.includes("whether it wants a client certificate"));
    const plain = await source({ amqpUrl: origin(broker.amqpUrl()).replace("amqp:", "amqps:") });
    await until(plain, (sample) => whyUnknown(sample).includes("does not speak TLS on that port"));
  });
});

describe("a mounted login", () => {
  const mounted = async (user: string, isDone: (sample: BrokerSample) => boolean) => {
    await setPassword(user, "first-password");
    const files = await mountSecret(scope.directory, { username: user, password: "first-password\n" });
    const proxy = createFaultProxy({ host: scope.address, port: Number(new URL(broker.amqpUrl()).port) });
    await proxy.start();
    const secured = await source({
      amqpUrl: `amqp://127.0.0.1:${proxy.port()}`,
      ...(isDone === isWhole && { managementUrl: origin(broker.managementUrl()) }),
      credentials: { usernameFile: files.path("username"), passwordFile: files.path("password") },
    });
    open.push(proxy);
    await until(secured, isDone);
    return { files, proxy, secured };
  };

  test("that is rotated is used without a moment of blindness: first the new connection, then the end of the old one", async () => {
    const { files, proxy, secured } = await mounted("rotated", isWhole);
    await setPassword("rotated", "second-password");
    await files.replace({ username: "rotated", password: "second-password" });
    await renewed({ proxy, secured });
    await until(secured, isWhole); // the management API too
    proxy.reset();
    await until(secured, (sample) => proxy.connections() === 1 && isWhole(sample));
  });

  test("that is refused leaves the old connection in use, is told without the secret, and is tried again when it changes", async () => {
    const { files, proxy, secured } = await mounted("refused", isRead);
    await files.replace({ username: "refused", password: "wrong-password" });
    const refused = await until(secured, ({ problem = "" }) =>
      /broker secured at \S+ refused user/.test(problem),
    );
    expect(blockOf(refused)).toBeDefined();
    expect(refused.problem).toContain(`user refused (${files.path("username")})`);
    expect(refused.problem).toContain(files.path("password"));
    proxy.reset();
    const blind = await until(secured, (sample) => whyUnknown(sample).includes("refused user refused"));
    await files.replace({ username: "refused", password: "first-password" });
    await until(secured, isRead);
    const said = JSON.stringify([refused.problem, blind.problem, secured.logger.lines]);
    for (const secret of ["first-password", "wrong-password"]) expect(said).not.toContain(secret);
  });
});

describe("OAuth 2 client credentials", () => {
  const authorized = async (secret = "first-secret") => {
    const files = await mountSecret(scope.directory, { secret });
    const proxy = createFaultProxy({ host: scope.address, port: Number(new URL(broker.amqpUrl()).port) });
    await proxy.start();
    const secured = await source({
      amqpUrl: `amqp://127.0.0.1:${proxy.port()}`,
      managementUrl: origin(broker.managementUrl()),
      credentials: {
        oauth2: {
          tokenUrl: tokens.url(),
          clientId: "millrace",
          clientSecretFile: files.path("secret"),
          scopes,
          audience: "rabbitmq",
        },
      },
    });
    open.push(proxy);
    return { files, proxy, secured };
  };

  test("log in to the broker and its management API", async () => {
    const asked = tokens.requests.length;
    const { secured } = await authorized();
    await until(secured, isWhole);
    const [form] = tokens.requests.slice(asked);
    expect(Object.fromEntries(form ?? [])).toEqual({
      grant_type: "client_credentials",
      scope: scopes.join(" "),
      audience: "rabbitmq",
    });
  });

  test("are renewed before they end, with a new connection each time and no moment of blindness", async () => {
    tokens.lifeSeconds = 15;
    const { proxy, secured } = await authorized();
    await until(secured, isWhole);
    for (const _ of ["first", "second"]) await renewed({ proxy, secured });
    tokens.lifeSeconds = 300;
    await until(secured, isWhole);
  });

  test("with a secret that is refused are told with its file, and tried again when the secret is put right", async () => {
    const { files, secured } = await authorized("wrong-secret");
    const told = await until(secured, (sample) => whyUnknown(sample).includes("refused client millrace"));
    expect(whyUnknown(told)).toContain("(401 invalid_client): check its secret in");
    expect(JSON.stringify([[...(told.unknown ?? [])], told.problem, secured.logger.lines])).not.toContain(
      "wrong-secret",
    );
    await files.replace({ secret: "first-secret" });
    await until(secured, isWhole);
  });
});
