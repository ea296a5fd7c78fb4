import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Service } from "../kit/src/service.ts";
import { answers, type RunningProgram, type RunScope, untilReady } from "./run-scope.ts";

const run = promisify(execFile);

export type RabbitmqOptions = {
  /** More lines of rabbitmq.conf. */
  readonly config?: readonly string[];
  /** More plugins than the management one, by name. */
  readonly plugins?: readonly string[];
  /** Distinguishes several nodes of one run. */
  readonly name?: string;
  /** Of the administrator. Default: millrace, with a random password. */
  readonly login?: { readonly username: string; readonly password: string };
};

export type Rabbitmq = Service & {
  readonly host: string;
  /** Known after start(). */
  amqpPort(): number;
  /** `amqp://user:password@host:port/vhost`; `port` for a proxy in front of the node. */
  amqpUrl(vhost?: string, port?: number): string;
  /** `http://user:password@host:port`, of the management API. */
  managementUrl(): string;
  addVhost(vhost: string): Promise<void>;
  removeVhost(vhost: string): Promise<void>;
  /** Calls the management API; the body is JSON both ways. A status over 399 is an error, but for 404 on GET and DELETE, which is undefined. */
  manage(method: "GET" | "PUT" | "POST" | "DELETE", path: string, body?: object): Promise<unknown>;
  /** Runs rabbitmqctl against the node. */
  ctl(...args: readonly string[]): Promise<string>;
  /** SIGKILL, as a power cut would. `start()` brings the node back with its data. */
  kill(): Promise<void>;
};

type Ports = {
  readonly amqp: number;
  readonly management: number;
  readonly distribution: number;
  readonly epmd: number;
};

const configOf = (
  scope: RunScope,
  ports: Ports,
  login: { username: string; password: string },
  more: readonly string[],
): string =>
  [
    `listeners.tcp.1 = ${scope.address}:${ports.amqp}`,
    `management.tcp.ip = ${scope.address}`,
    `management.tcp.port = ${ports.management}`,
    `default_user = ${login.username}`,
    `default_pass = ${login.password}`,
    "default_user_tags.administrator = true",
    "vm_memory_high_watermark.absolute = 1GB",
    "disk_free_limit.absolute = 50MB",
    "log.file.level = warning",
    ...more,
    "",
  ].join("\n");

const environmentOf = (
  scope: RunScope,
  directory: string,
  ports: Ports,
  node: string,
): NodeJS.ProcessEnv => ({
  PATH: `${scope.env["PATH"] ?? ""}:/usr/sbin:/usr/bin:/sbin:/bin`,
  LANG: "C.UTF-8",
  HOME: directory,
  ERL_EPMD_PORT: String(ports.epmd),
  ERL_EPMD_ADDRESS: scope.address,
  RABBITMQ_NODENAME: node,
  RABBITMQ_USE_LONGNAME: "true",
  RABBITMQ_DIST_PORT: String(ports.distribution),
  RABBITMQ_MNESIA_BASE: join(directory, "mnesia"),
  RABBITMQ_LOG_BASE: join(directory, "log"),
  RABBITMQ_CONFIG_FILE: join(directory, "rabbitmq.conf"),
  RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, "plugins"),
  RABBITMQ_CONF_ENV_FILE: "/dev/null",
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `-kernel inet_dist_use_interface {${scope.address.replaceAll(".", ",")}} +sbwt none`,
});

const managementClient =
  (origin: string, authorization: string): Rabbitmq["manage"] =>
  async (method, path, body) => {
    const response = await fetch(`${origin}/api/${path}`, {
      method,
      headers: { authorization, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status === 404 && (method === "GET" || method === "DELETE")) return undefined;
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };

const choosePorts = async (scope: RunScope): Promise<Ports> => ({
  amqp: await scope.freePort(),
  management: await scope.freePort(),
  distribution: await scope.freePort(),
  epmd: await scope.freePort(),
});

/** A private RabbitMQ node with its own epmd, cookie, data folder and ports, at the run's own loopback address. */
export const createRabbitmq = async (scope: RunScope, options: RabbitmqOptions = {}): Promise<Rabbitmq> => {
  const name = options.name ?? "rabbitmq";
  const directory = join(scope.directory, name);
  const login = options.login ?? { username: "millrace", password: randomBytes(12).toString("hex") };
  const node = `${name}-${randomBytes(4).toString("hex")}@${scope.address}`;
  const ports = await choosePorts(scope);
  const env = environmentOf(scope, directory, ports, node);
  const bin = scope.program("rabbitmq");
  let epmd: RunningProgram | undefined;
  let broker: RunningProgram | undefined;
  const management = `http://${scope.address}:${ports.management}`;
  const authorization = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;

  const manage = managementClient(management, authorization);

  return {
    host: scope.address,
    amqpPort: () => ports.amqp,
    amqpUrl: (vhost = "/", port = ports.amqp) =>
      `amqp://${login.username}:${login.password}@${scope.address}:${port}/${encodeURIComponent(vhost)}`,
    managementUrl: () => management.replace("://", `://${login.username}:${login.password}@`),
    manage,
    async addVhost(vhost) {
      const path = encodeURIComponent(vhost);
      await manage("PUT", `vhosts/${path}`, {});
      await manage("PUT", `permissions/${path}/${login.username}`, {
        configure: ".*",
        write: ".*",
        read: ".*",
      });
    },
    async removeVhost(vhost) {
      await manage("DELETE", `vhosts/${encodeURIComponent(vhost)}`);
    },
    ctl: async (...args) => (await run(join(bin, "rabbitmqctl"), ["-q", ...args], { env })).stdout,
    async start() {
      await mkdir(directory, { recursive: true });
      const plugins = ["rabbitmq_management", ...(options.plugins ?? [])];
      await writeFile(join(directory, "plugins"), `[${plugins.join(",")}].\n`);
      await writeFile(join(directory, "rabbitmq.conf"), configOf(scope, ports, login, options.config ?? []));
      epmd ??= scope.spawn(
        `${name}-epmd`,
        [scope.program("epmd"), "-port", String(ports.epmd), "-address", scope.address],
        { env },
      );
      const started = scope.spawn(name, [join(bin, "rabbitmq-server")], { env, cwd: directory });
      broker = started;
      const health = `${management}/api/health/checks/port-listener/${ports.amqp}`;
      await untilReady("RabbitMQ", started, () => answers(health, { authorization }), 90_000);
    },
    async kill() {
      await broker?.end(0);
    },
    async stop() {
      await broker?.end(15_000);
      await epmd?.end(1_000);
      broker = undefined;
      epmd = undefined;
    },
  };
};
