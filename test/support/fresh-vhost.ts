import { randomUUID } from "node:crypto";
import { inject } from "vitest";

export type FreshVhost = {
  readonly vhost: string;
  readonly host: string;
  readonly amqpPort: number;
  /** `port` for a proxy in front of the broker (at 127.0.0.1). */
  amqpUrl(options?: { readonly proxyPort?: number }): string;
  /** With credentials, without a path. */
  readonly managementUrl: string;
  /** Calls the management API under this vhost, for example `manage("GET", "queues/{vhost}/jobs.x")`; 404 is undefined. */
  manage(method: "GET" | "PUT" | "POST" | "DELETE", path: string, body?: object): Promise<unknown>;
  remove(): Promise<void>;
};

/** A vhost on the shared broker for one test file. */
export const freshVhost = async (): Promise<FreshVhost> => {
  const broker = inject("broker");
  const vhost = `test-${randomUUID()}`;
  const { username, password, origin } = new URL(broker.managementUrl);
  const manage: FreshVhost["manage"] = async (method, path, body) => {
    const response = await fetch(`${origin}/api/${path.replaceAll("{vhost}", encodeURIComponent(vhost))}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
        "content-type": "application/json",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };
  await manage("PUT", "vhosts/{vhost}", {});
  await manage("PUT", `permissions/{vhost}/${username}`, { configure: ".*", write: ".*", read: ".*" });
  return {
    vhost,
    host: broker.host,
    amqpPort: broker.amqpPort,
    managementUrl: broker.managementUrl,
    manage,
    amqpUrl: (options = {}) =>
      options.proxyPort === undefined
        ? `amqp://${username}:${password}@${broker.host}:${broker.amqpPort}/${vhost}`
        : `amqp://${username}:${password}@127.0.0.1:${options.proxyPort}/${vhost}`,
    remove: async () => {
      await manage("DELETE", "vhosts/{vhost}");
    },
  };
};
