import { execFile } from "node:child_process";
import { chown, mkdir, readFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import type { Service } from "../kit/src/service.ts";
import { EmbeddedServiceError, type RunningProgram, type RunScope, untilReady } from "./run-scope.ts";

const run = promisify(execFile);

export type Postgres = Service & {
  /** Connection string of one database. */
  url(database?: string): string;
  createDatabase(database: string): Promise<void>;
};

/** PostgreSQL refuses to run as root: the account it then runs as, from /etc/passwd. */
const unprivilegedAccount = async (): Promise<{ uid: number; gid: number } | undefined> => {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  const account =
    accounts.find(([name]) => name === "postgres") ?? accounts.find(([name]) => name === "nobody");
  if (account === undefined)
    throw new EmbeddedServiceError(
      "PostgreSQL does not run as root, and there is no account postgres or nobody",
    );
  return { uid: Number(account[2]), gid: Number(account[3]) };
};

const accepts = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ host, port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });

const initdbArguments = (directory: string): readonly string[] => [
  "-D",
  join(directory, "data"),
  "-U",
  "millrace",
  "--auth=trust",
  "-E",
  "UTF8",
  "--locale=C.UTF-8",
  "--no-sync",
];

const serverCommand = (
  bin: string,
  directory: string,
  listen: { readonly host: string; readonly port: number; readonly fsync: boolean },
): readonly string[] => {
  const settings = [
    `listen_addresses=${listen.host}`,
    `port=${listen.port}`,
    "unix_socket_directories=",
    "max_connections=200",
    `fsync=${listen.fsync ? "on" : "off"}`,
  ];
  return [
    join(bin, "postgres"),
    "-D",
    join(directory, "data"),
    ...settings.flatMap((setting) => ["-c", setting]),
  ];
};

/** Runs one statement on a connection of its own. */
const execute = async (connectionString: string, sql: string): Promise<void> => {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
};

/**
 * A private PostgreSQL server at the run's own address.
 * `fsync` (default false: the data goes with the run) costs what a real server's commits cost; benches set it.
 */
export const createPostgres = async (
  scope: RunScope,
  options: { readonly fsync?: boolean } = {},
): Promise<Postgres> => {
  const bin = scope.program("postgres");
  const directory = join(scope.directory, "postgres");
  const port = await scope.freePort();
  const account = await unprivilegedAccount();
  const env = { PATH: scope.env["PATH"] ?? "", LANG: "C.UTF-8", HOME: directory };
  const url = (database = "postgres"): string => `postgres://millrace@${scope.address}:${port}/${database}`;
  let server: RunningProgram | undefined;

  return {
    url,
    createDatabase: (database) => execute(url(), `create database "${database}"`),
    async start() {
      await mkdir(directory);
      if (account !== undefined) await chown(directory, account.uid, account.gid);
      if (account !== undefined) await run("chmod", ["o+x", scope.directory]);
      await run(join(bin, "initdb"), initdbArguments(directory), { ...account, env, cwd: directory });
      const command = serverCommand(bin, directory, {
        host: scope.address,
        port,
        fsync: options.fsync === true,
      });
      const started = scope.spawn("postgres-server", command, { ...account, env, cwd: directory });
      server = started;
      await untilReady("PostgreSQL", started, () => accepts(scope.address, port));
      await untilReady("PostgreSQL", started, () =>
        execute(url(), "select 1").then(
          () => true,
          () => false,
        ),
      );
    },
    async stop() {
      if (server?.child.pid !== undefined && !server.hasEnded()) process.kill(server.child.pid, "SIGINT"); // fast shutdown: does not wait for clients
      await server?.end(10_000);
      server = undefined;
    },
  };
};
