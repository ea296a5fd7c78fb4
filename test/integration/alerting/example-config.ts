import { readFileSync } from "node:fs";
import { parse } from "yaml";

type Route = {
  readonly matchers?: readonly string[];
  readonly receiver: string;
  readonly continue?: boolean;
  readonly group_wait?: string;
  readonly group_interval?: string;
  readonly routes?: readonly Route[];
};
type Receiver = {
  readonly name: string;
  readonly webhook_configs?: readonly object[];
  readonly slack_configs?: readonly object[];
  readonly email_configs?: readonly object[];
};
export type AlertmanagerConfig = {
  readonly route: Route;
  readonly inhibit_rules: readonly object[];
  readonly receivers: readonly Receiver[];
};

export type Addresses = { readonly onCall: string; readonly chat: string; readonly smarthost: string };

/** How long Alertmanager waits for more of a group here; 10 s in the example. */
const SHORT = "1s";

/** The example of manifests/alertmanager, its own addresses instead of the example's, and short waits; the routes and the texts are the example's. */
export function exampleConfig(addresses: Addresses): AlertmanagerConfig {
  const file = new URL("../../../manifests/alertmanager/alertmanager.yaml", import.meta.url);
  const { route, inhibit_rules, receivers } = parse(readFileSync(file, "utf8")) as AlertmanagerConfig;
  return { route: shortRoute(route), inhibit_rules, receivers: receivers.map((one) => at(addresses, one)) };
}

const shortRoute = (route: Route): Route => ({
  ...route,
  ...(route.group_wait !== undefined && { group_wait: SHORT }),
  ...(route.group_interval !== undefined && { group_interval: SHORT }),
  ...(route.routes !== undefined && { routes: route.routes.map(shortRoute) }),
});

function at({ onCall, chat, smarthost }: Addresses, receiver: Receiver): Receiver {
  const { webhook_configs: webhooks, slack_configs: slacks, email_configs: mails } = receiver;
  return {
    name: receiver.name,
    ...(webhooks && { webhook_configs: webhooks.map((one) => ({ ...one, url: onCall })) }),
    ...(slacks && {
      slack_configs: slacks.map((one) => ({ ...one, api_url_file: undefined, api_url: chat })),
    }),
    ...(mails && {
      email_configs: mails.map((one) => ({
        ...one,
        smarthost,
        require_tls: false,
        auth_username: undefined,
        auth_password_file: undefined,
      })),
    }),
  };
}
