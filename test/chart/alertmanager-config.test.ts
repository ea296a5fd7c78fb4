import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { programs } from "../../scripts/programs.mjs";
import { chartTools } from "./chart-tools.ts";
import { smallest } from "./configurations.ts";
import { find, renderChart, type Values } from "./render-chart.ts";

type Matcher = { readonly name: string; readonly matchType: string; readonly value: string };
type Route = Readonly<Record<string, unknown>> & {
  readonly receiver: string;
  readonly matchers?: readonly Matcher[];
  readonly routes?: readonly Route[];
};
type Receiver = Readonly<Record<string, unknown>> & { readonly name: string };
type Spec = {
  readonly route: Route;
  readonly inhibitRules: readonly {
    readonly sourceMatch: readonly Matcher[];
    readonly targetMatch: readonly Matcher[];
    readonly equal: readonly string[];
  }[];
  readonly receivers: readonly Receiver[];
};
type Placed = { readonly namespace: string; readonly spec: Spec };

const tools = await chartTools();
const helm = "missing" in tools ? "" : tools.helm4;
const directory = mkdtempSync(join(tmpdir(), "alertmanager-config-"));
afterAll(() => rmSync(directory, { recursive: true }));

const rendered = (alertmanagerConfig: Values): readonly Placed[] =>
  renderChart({ ...smallest, alertmanagerConfig: { enabled: true, ...alertmanagerConfig } }, { helm })
    .filter(({ kind }) => kind === "AlertmanagerConfig")
    .map(({ metadata, spec }) => ({ namespace: metadata.namespace ?? "", spec: spec as unknown as Spec }));

const everybody: Values = {
  onCall: { existingSecret: "pager" },
  chat: { existingSecret: "slack", urlKey: "webhook", channel: "#shop" },
  mail: {
    to: "team@example.com",
    from: "alerts@example.com",
    smarthost: "smtp.example.com:587",
    username: "alerts",
    existingSecret: "smtp",
  },
};

const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const matcherText = ({ name, matchType, value }: Matcher): string =>
  `${name}${matchType}${JSON.stringify(value)}`;

const plainRoute = (
  { matchers, routes, ...route }: Route,
  prefix: string,
): Readonly<Record<string, unknown>> => ({
  ...Object.fromEntries(Object.entries(route).map(([name, value]) => [snakeCase(name), value])),
  receiver: `${prefix}${route.receiver}`,
  ...(matchers && { matchers: matchers.map(matcherText) }),
  ...(routes && { routes: routes.map((one) => plainRoute(one, prefix)) }),
});

/** What the Prometheus Operator makes of AlertmanagerConfigs under the strategy OnNamespace, its default. */
const onNamespace = (configs: readonly Placed[]) => ({
  route: {
    receiver: "nobody",
    routes: configs.map(({ namespace, spec: { route } }) => {
      const own = { name: "namespace", matchType: "=", value: namespace };
      const confined = { ...route, matchers: [own, ...(route.matchers ?? [])], continue: true };
      return plainRoute(confined, `${namespace}/`);
    }),
  },
  receivers: [
    { name: "nobody" },
    ...configs.flatMap(({ namespace, spec }) =>
      spec.receivers.map(({ name }) => ({ name: `${namespace}/${name}` })),
    ),
  ],
});

/** Names of the receivers, by amtool's word. */
const receiversOf = (
  configs: readonly Placed[],
  labels: Readonly<Record<string, string>>,
): readonly string[] => {
  const file = join(directory, "alertmanager.json");
  writeFileSync(file, JSON.stringify(onNamespace(configs)));
  const set = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const amtool = programs.amtool.find(process.env) ?? "amtool";
  const args = ["config", "routes", "test", `--config.file=${file}`, ...set];
  return execFileSync(amtool, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
    .trim()
    .split(",");
};

describe.skipIf("missing" in tools)("the chart's AlertmanagerConfig", () => {
  test("is left out unless asked for", () => {
    const kinds = renderChart(smallest, { helm }).map(({ kind }) => kind);
    expect(kinds).not.toContain("AlertmanagerConfig");
  });

  test("has the route for Millrace's alerts, the inhibition and the chat's texts of the example", () => {
    const file = new URL("../../manifests/alertmanager/alertmanager.yaml", import.meta.url);
    const example = parse(readFileSync(file, "utf8"));
    const [{ spec } = { spec: undefined }] = rendered(everybody);
    expect(plainRoute(spec?.route ?? { receiver: "" }, "")).toEqual(example.route.routes[0]);
    expect(
      spec?.inhibitRules.map(({ sourceMatch, targetMatch, equal }) => ({
        source_matchers: sourceMatch.map(matcherText),
        target_matchers: targetMatch.map(matcherText),
        equal,
      })),
    ).toEqual(example.inhibit_rules);
    const slack = example.receivers.find(({ name }: Receiver) => name === "millrace-chat").slack_configs[0];
    expect(spec?.receivers.find(({ name }) => name === "millrace-chat")?.["slackConfigs"]).toEqual([
      {
        apiURL: { name: "slack", key: "webhook" },
        channel: "#shop",
        sendResolved: true,
        title: slack.title,
        titleLink: slack.title_link,
        text: slack.text,
      },
    ]);
  });

  test("takes what is secret from Secrets that are there already", () => {
    const [{ spec } = { spec: undefined }] = rendered(everybody);
    expect(spec?.receivers.filter(({ name }) => name !== "millrace-chat")).toEqual([
      {
        name: "millrace-on-call",
        webhookConfigs: [{ urlSecret: { name: "pager", key: "url" }, sendResolved: true }],
      },
      {
        name: "millrace-mail",
        emailConfigs: [
          {
            to: "team@example.com",
            from: "alerts@example.com",
            smarthost: "smtp.example.com:587",
            authUsername: "alerts",
            authPassword: { name: "smtp", key: "password" },
            sendResolved: true,
          },
        ],
      },
    ]);
    const kinds = renderChart({ ...smallest, alertmanagerConfig: { enabled: true } }, { helm });
    expect(kinds.filter(({ kind }) => kind === "Secret")).toEqual([]);
  });

  test("tells nobody whom it was not given", () => {
    const [{ spec } = { spec: undefined }] = rendered({});
    expect(spec?.receivers).toEqual([
      { name: "millrace-on-call" },
      { name: "millrace-chat" },
      { name: "millrace-mail" },
    ]);
  });

  const critical = { alertname: "MillraceQueueStalled", severity: "critical", queue: "jobs.orders" };

  test("where it is in several namespaces, each gets the alerts of its own, under the operator's default strategy", () => {
    const configs = rendered({ ...everybody, namespaces: ["messaging", "shop"] });
    const three = (namespace: string) =>
      ["on-call", "chat", "mail"].map((name) => `${namespace}/millrace-${name}`);
    expect(receiversOf(configs, { ...critical, namespace: "shop" })).toEqual(three("shop"));
    expect(receiversOf(configs, { ...critical, namespace: "messaging" })).toEqual(three("messaging"));
    expect(receiversOf(configs, { ...critical, namespace: "elsewhere" })).toEqual(["nobody"]);
    expect(receiversOf(configs, { ...critical, severity: "warning", namespace: "shop" })).toEqual(
      three("shop").slice(1),
    );
  });

  test("is given the alert about an operator that is gone, which without help would have no namespace", () => {
    const manifests = renderChart({ ...smallest, rules: { enabled: true } }, { helm });
    const groups = find(manifests, "PrometheusRule").spec?.["groups"] as readonly {
      readonly rules: readonly {
        readonly alert?: string;
        readonly expr: string;
        readonly labels?: Readonly<Record<string, string>>;
      }[];
    }[];
    const down = groups.flatMap(({ rules }) => rules).find(({ alert }) => alert === "MillraceOperatorDown");
    // What is absent has the labels that it is asked for by.
    const asked = [...(down?.expr ?? "").matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [
      name,
      value,
    ]);
    const labels = { alertname: "MillraceOperatorDown", ...Object.fromEntries(asked), ...down?.labels };
    const configs = rendered(everybody);
    expect(receiversOf(configs, labels)).toContain(`${configs[0]?.namespace}/millrace-on-call`);
  });

  test("says that a password needs its user name", () => {
    expect(() => rendered({ mail: { to: "team@example.com", existingSecret: "smtp" } })).toThrow(
      /alertmanagerConfig\.mail\.username: needed with/,
    );
  });
});
