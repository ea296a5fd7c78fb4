import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  answers,
  createRunScope,
  type RunningProgram,
  type RunScope,
  untilReady,
} from "../../../embedded/run-scope.ts";
import { createSmtpSink, type SmtpSink } from "../../../embedded/smtp-sink.ts";
import { composeFile, readText, repository } from "../../chart/compose-file.ts";
import { freshDatabase } from "../../support/fresh-database.ts";
import { freshVhost, type FreshVhost } from "../../support/fresh-vhost.ts";

const run = promisify(execFile);
const { services } = composeFile();
const ours = ["operator", "gateway", "worker"] as const;
export type OwnService = (typeof ours)[number];

export type ComposeStage = {
  readonly mail: SmtpSink;
  readonly prometheusUrl: string;
  readonly gatewayUrl: string;
  start(name: OwnService): Promise<RunningProgram>;
  /** Runs the service's own health check; true when it is healthy. */
  isHealthy(name: OwnService): Promise<boolean>;
  stop(): Promise<void>;
};

/** What compose.yaml says, each address and folder of its containers replaced by one of this run. */
type Places = (text: string) => string;

const placesOf = (
  scope: RunScope,
  world: { vhost: FreshVhost; databaseUrl: string; mail: SmtpSink; ports: Readonly<Record<string, number>> },
): Places => {
  const { vhost, databaseUrl, mail, ports } = world;
  const at = (name: string) => `${scope.address}:${ports[name]}`;
  const { href } = new URL(vhost.managementUrl);
  const replacements: Readonly<Record<string, string>> = {
    "amqp://millrace:millrace@rabbitmq:5672": vhost.amqpUrl(),
    "http://millrace:millrace@rabbitmq:15672": href.replace(/\/$/, ""),
    "postgres://millrace:millrace@postgres:5432/millrace": databaseUrl,
    "mail:1025": `${mail.host}:${mail.port()}`,
    "prometheus:9090": at("prometheus"),
    "operator:9090": at("operator"),
    "gateway:8080": at("gateway"),
    "worker:9091": at("worker"),
    "0.0.0.0:9090": at("operator"),
    "--host=0.0.0.0": `--host=${scope.address}`,
    "--worker-metrics-host=operator": `--worker-metrics-host=${scope.address}`,
    "127.0.0.1:8080": at("gateway"),
    "127.0.0.1:9091": at("worker"),
    "127.0.0.1:9090": at("operator"),
    "/etc/millrace/autoscalers.yaml": join(scope.directory, "autoscalers.yaml"),
    "/var/lib/millrace": scope.directory,
    "/operator/workers": join(scope.directory, "workers"),
    "/etc/prometheus/rules": join(repository, "compose/rules"),
    "/app/": repository,
    "{ name: jobs.sleep }": `{ name: jobs.sleep, vhost: "${vhost.vhost}" }`,
  };
  return (text) =>
    Object.entries(replacements).reduce((so, [theirs, own]) => so.replaceAll(theirs, own), text);
};

const portsOf = async (scope: RunScope): Promise<Readonly<Record<string, number>>> => {
  const names = [...ours, "prometheus"];
  const ports = await Promise.all(
    names.map(async (name): Promise<[string, number]> => [name, await scope.freePort()]),
  );
  return Object.fromEntries(ports);
};

const startPrometheus = async (scope: RunScope, here: Places, url: string): Promise<void> => {
  const config = join(scope.directory, "prometheus.yml");
  await writeFile(config, here(readText("compose/prometheus.yml")));
  const { command = [] } = services["prometheus"] ?? {};
  const args = command
    .map((arg) => arg.replace("=/etc/prometheus/prometheus.yml", `=${config}`))
    .map((arg) => arg.replace("=/prometheus", `=${join(scope.directory, "samples")}`));
  const listen = `--web.listen-address=${new URL(url).host}`;
  const program = scope.spawn("prometheus", [scope.program("prometheus"), ...args, listen]);
  await untilReady("Prometheus", program, () => answers(`${url}/-/ready`));
};

/** The programs of compose.yaml with the commands and the environment that it gives them, as processes of this machine. */
export const composeStage = async (): Promise<ComposeStage> => {
  const scope = await createRunScope();
  const vhost = await freshVhost();
  const mail = createSmtpSink(scope.address);
  await mail.start();
  const ports = await portsOf(scope);
  const here = placesOf(scope, { vhost, databaseUrl: await freshDatabase(), mail, ports });
  const prometheusUrl = here("http://prometheus:9090");
  await mkdir(join(scope.directory, "samples"));
  await writeFile(join(scope.directory, "autoscalers.yaml"), here(readText("compose/autoscalers.yaml")));
  await startPrometheus(scope, here, prometheusUrl);
  const isHealthy = async (name: OwnService): Promise<boolean> => {
    const [, program = "", ...args] = services[name]?.healthcheck.test.map(here) ?? [];
    return run(program, args).then(
      () => true,
      () => false,
    );
  };
  return {
    mail,
    prometheusUrl,
    gatewayUrl: here("http://gateway:8080"),
    isHealthy,
    async start(name) {
      const { command = [], environment = {} } = services[name] ?? {};
      const env = Object.fromEntries(Object.entries(environment).map(([key, text]) => [key, here(text)]));
      // Containers have a network each; here they share an address, and so need ports of their own.
      const own = name === "worker" ? { MILLRACE_METRICS_HOST: scope.address } : {};
      const program = scope.spawn(
        name,
        [process.execPath, join(repository, "bin/millrace.mjs"), ...command.map(here)],
        {
          env: {
            ...scope.env,
            ...env,
            ...own,
            MILLRACE_PORT: String(ports["gateway"]),
            MILLRACE_METRICS_PORT: String(ports["worker"]),
          },
        },
      );
      await untilReady(`${name} of compose.yaml`, program, () => isHealthy(name));
      return program;
    },
    async stop() {
      await scope.stop();
      await mail.stop();
      await vhost.remove();
    },
  };
};
