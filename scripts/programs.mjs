// The outside programs that the demo, the tests and the benches start for themselves. Plain Node 20, no dependency:
// scripts/bootstrap.mjs reads this before anything is installed.
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * @typedef {object} Program
 * @property {string} title      what a person calls it
 * @property {string} variable   environment variable that points at an existing one
 * @property {string} debian     package that brings it
 * @property {(env: NodeJS.ProcessEnv) => string | undefined} find   path of the executable (or folder), undefined when missing
 */

/** @type {(env: NodeJS.ProcessEnv, name: string, folders?: readonly string[]) => string | undefined} */
const onPath = (env, name, folders = []) =>
  [...folders, ...(env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/bin"]
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));

/** @type {() => string | undefined} */
const newestPostgres = () => {
  const root = "/usr/lib/postgresql";
  if (!existsSync(root)) return undefined;
  return readdirSync(root)
    .filter((version) => existsSync(join(root, version, "bin", "initdb")))
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(root, version, "bin"))[0];
};

/**
 * A variable that is set decides alone: what it points at, or nothing when that does not exist.
 * @type {(program: Omit<Program, "find"> & { file?: string, guess: (env: NodeJS.ProcessEnv) => string | undefined }) => Program}
 */
const program = ({ file = "", guess, ...described }) => ({
  ...described,
  find(env) {
    const told = env[described.variable];
    if (told === undefined) return guess(env);
    return existsSync(join(told, file)) ? told : undefined;
  },
});

/** One that lies on PATH. @type {(name: string, title: string, debian: string) => Program} */
const ordinary = (name, title, debian) =>
  program({
    title,
    variable: `${name.toUpperCase()}_BIN`,
    debian,
    guess: (env) => onPath(env, name),
  });

/** @typedef {"etcd" | "openssl"} ControlPlaneProgram */
/** @typedef {"containerd" | "ctr" | "runc" | "cni" | "iptables" | "ip6tables" | "ip" | "debootstrap" | "dockerd" | "docker"} NodeProgram */

/** @typedef {"chromium" | "compose" | "lua"} TestProgram */

/** @type {Readonly<Record<"rabbitmq" | "epmd" | "prometheus" | "promtool" | "alertmanager" | "amtool" | TestProgram | "postgres" | ControlPlaneProgram | NodeProgram, Program>>} */
export const programs = {
  rabbitmq: program({
    title: "RabbitMQ",
    variable: "RABBITMQ_BIN_DIR",
    debian: "rabbitmq-server",
    file: "rabbitmq-server",
    guess: () =>
      ["/usr/lib/rabbitmq/bin", "/opt/rabbitmq/sbin"].find((folder) =>
        existsSync(join(folder, "rabbitmq-server")),
      ),
  }),
  epmd: program({
    title: "Erlang's port mapper",
    variable: "EPMD_BIN",
    debian: "erlang-base",
    guess: (env) => onPath(env, "epmd"),
  }),
  prometheus: program({
    title: "Prometheus",
    variable: "PROMETHEUS_BIN",
    debian: "prometheus",
    guess: (env) => onPath(env, "prometheus"),
  }),
  promtool: ordinary("promtool", "promtool", "prometheus"),
  alertmanager: program({
    title: "Alertmanager",
    variable: "ALERTMANAGER_BIN",
    debian: "prometheus-alertmanager",
    guess: (env) => onPath(env, "prometheus-alertmanager") ?? onPath(env, "alertmanager"),
  }),
  amtool: ordinary("amtool", "amtool", "prometheus-alertmanager"),
  chromium: ordinary("chromium", "Chromium", "chromium"),
  compose: program({
    title: "Docker Compose",
    variable: "DOCKER_COMPOSE_BIN",
    debian: "docker-compose",
    guess: (env) => onPath(env, "docker-compose"),
  }),
  lua: program({
    title: "Lua 5.1",
    variable: "LUA_BIN",
    debian: "lua5.1",
    guess: (env) => onPath(env, "lua5.1"),
  }),
  postgres: program({
    title: "PostgreSQL",
    variable: "POSTGRES_BIN_DIR",
    debian: "postgresql",
    file: "initdb",
    guess: newestPostgres,
  }),
  etcd: ordinary("etcd", "etcd", "etcd-server"),
  openssl: ordinary("openssl", "OpenSSL", "openssl"),
  containerd: ordinary("containerd", "containerd", "containerd"),
  ctr: ordinary("ctr", "containerd's client", "containerd"),
  runc: ordinary("runc", "runc", "runc"),
  cni: program({
    title: "CNI plugins",
    variable: "CNI_BIN_DIR",
    debian: "containernetworking-plugins",
    file: "bridge",
    guess: () => ["/usr/lib/cni", "/opt/cni/bin"].find((folder) => existsSync(join(folder, "bridge"))),
  }),
  iptables: ordinary("iptables", "iptables", "iptables"),
  ip6tables: ordinary("ip6tables", "ip6tables", "iptables"),
  ip: ordinary("ip", "iproute2", "iproute2"),
  debootstrap: ordinary("debootstrap", "debootstrap", "debootstrap"),
  dockerd: ordinary("dockerd", "Docker's daemon", "docker.io"),
  docker: program({
    title: "Docker's client",
    variable: "DOCKER_BIN",
    debian: "docker.io",
    // Of the daemon's version: another one may come first on PATH.
    guess: (env) => onPath(env, "docker", ["/usr/bin"]),
  }),
};

/** What etcd and the API server need beside what is built. @type {readonly ControlPlaneProgram[]} */
export const controlPlaneDistribution = ["etcd", "openssl"];

/** What a node that runs pods needs beside that. @type {readonly NodeProgram[]} */
export const nodeDistribution = [
  "containerd",
  "ctr",
  "runc",
  "cni",
  "iptables",
  "ip6tables",
  "ip",
  "debootstrap",
  "dockerd",
  "docker",
];

/** What tests of the page and of compose.yaml run. @type {readonly TestProgram[]} */
export const testDistribution = ["chromium", "compose", "lua"];
