import { describe, expect, test } from "vitest";
import { parseBrokers } from "./options.ts";

const broker = { name: "default", amqpUrl: "amqp://rabbitmq:5672" };
const problemsOf = (document: unknown): readonly string[] => {
  const parse = parseBrokers(document);
  return parse.kind === "invalid" ? parse.problems : [];
};
const withBroker = (more: object) => ({ brokers: [{ ...broker, ...more }] });

describe("a brokers file", () => {
  test("keeps all that it says", () => {
    const full = {
      ...broker,
      amqpUrl: "amqps://rabbitmq:5671",
      managementUrl: "https://rabbitmq:15671",
      credentials: { usernameFile: "/b/username", passwordFile: "/b/password" },
      tls: { caFile: "/b/ca.crt", serverName: "rabbitmq", insecureSkipVerify: false },
      allowedNamespaces: ["shop", "team-*"],
      allowedVhosts: ["/"],
      maxDeclaresPerSecond: 50,
      statisticsIntervalSeconds: 2.5,
    };
    const parse = parseBrokers({ brokers: [full, { ...broker, name: "other" }] });
    expect(parse).toEqual({ kind: "brokers", brokers: [full, { ...broker, name: "other" }] });
  });

  test.each([
    [{ usernameFile: "/u", passwordFile: "/p" }],
    [{ oauth2: { tokenUrl: "https://sso/token", clientId: "millrace", clientSecretFile: "/s" } }],
    [{ external: true, usernameFile: "/u", passwordFile: "/p" }],
  ])("takes credentials %j", (credentials) => {
    const tls = { certFile: "/c", keyFile: "/k" };
    const parse = parseBrokers(withBroker({ amqpUrl: "amqps://r", tls, credentials }));
    expect(parse).toMatchObject({ kind: "brokers", brokers: [{ credentials }] });
  });

  test.each([
    ["no object", [], "the document: expected an object with a list `brokers`"],
    ["no list", {}, "brokers: required: a list of brokers, each with a name and an amqpUrl"],
    ["nothing in it", { brokers: [] }, "brokers: expected at least one broker, with a name and an amqpUrl"],
    ["no address", { brokers: [{ name: "a" }] }, /^brokers\[0\]\.amqpUrl: required, for example amqps:/],
    [
      "another protocol",
      withBroker({ amqpUrl: "http://r" }),
      /^brokers\[0\]\.amqpUrl: .*starts with amqp:\/\/ or/,
    ],
    [
      "a misspelt key",
      withBroker({ managmentUrl: "http://r" }),
      "brokers[0].managmentUrl: unknown key: check the spelling, or remove it",
    ],
    [
      "half of a login",
      withBroker({ credentials: { usernameFile: "/u" } }),
      /^brokers\[0\]\.credentials: give one of/,
    ],
    [
      "two logins",
      withBroker({
        credentials: {
          usernameFile: "/u",
          passwordFile: "/p",
          oauth2: { tokenUrl: "https://t", clientId: "c", clientSecretFile: "/s" },
        },
      }),
      /^brokers\[0\]\.credentials: give one of/,
    ],
    [
      "a client without an id",
      withBroker({ credentials: { oauth2: { tokenUrl: "https://t", clientSecretFile: "/s" } } }),
      /^brokers\[0\]\.credentials\.oauth2: give either clientId or clientIdFile/,
    ],
    [
      "a certificate without its key",
      withBroker({ tls: { certFile: "/c" } }),
      /^brokers\[0\]\.tls: certFile and keyFile belong together/,
    ],
    [
      "external without a certificate",
      withBroker({ amqpUrl: "amqps://r", credentials: { external: true } }),
      /^brokers\[0\]\.tls: credentials\.external needs tls\.certFile/,
    ],
    [
      "external without TLS",
      withBroker({ credentials: { external: true }, tls: { certFile: "/c", keyFile: "/k" } }),
      /^brokers\[0\]\.amqpUrl: credentials\.external needs amqps/,
    ],
    [
      "no namespace allowed",
      withBroker({ allowedNamespaces: [] }),
      /^brokers\[0\]\.allowedNamespaces: expected at least one/,
    ],
    [
      "a rate of zero",
      withBroker({ maxDeclaresPerSecond: 0 }),
      /^brokers\[0\]\.maxDeclaresPerSecond: expected a whole number/,
    ],
    [
      "one name twice",
      { brokers: [broker, broker] },
      "brokers[1].name: default is brokers[0] already; give each broker a name of its own",
    ],
  ])("is refused with %s", (_, document, expected) => {
    expect(problemsOf(document)).toEqual([
      typeof expected === "string" ? expected : expect.stringMatching(expected),
    ]);
  });

  test("shows no password in a problem", () => {
    const problems = problemsOf(
      withBroker({ amqpUrl: "http://user:secret@r", managementUrl: "amqp://u:secret@r" }),
    );
    expect(problems).toHaveLength(2);
    expect(problems.join(" ")).not.toContain("secret");
  });

  test("names all problems at once", () => {
    expect(
      problemsOf({
        brokers: [
          { name: "a", extra: 1 },
          { amqpUrl: "amqp://r", tls: { x: 1 } },
        ],
      }),
    ).toHaveLength(4);
  });
});
