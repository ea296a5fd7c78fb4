import type { Command } from "commander";

export type OperatorFlags = {
  readonly config?: readonly string[];
  readonly kubernetes?: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespaces?: string;
  readonly leaseName: string;
  readonly leaseNamespace?: string;
  readonly leaderElection: boolean;
  readonly protectBusyPods?: boolean;
  readonly brokersFile?: string;
  readonly prometheusFile?: string;
  readonly amqpUrl?: string;
  readonly managementUrl?: string;
  readonly prometheusUrl?: string;
  readonly scrapeSeconds: string;
  readonly fastPath: boolean;
  readonly state: string;
  readonly listen: string;
  readonly discoveryDir?: string;
  readonly accountFile?: string;
  readonly workerLogDir?: string;
  readonly workerMetricsHost: string;
  readonly cycleSeconds: string;
  readonly logLevel: string;
};

type Flag = readonly [flag: string, variable: string, description: string, preset?: string];

const clusterFlags: readonly Flag[] = [
  ["--kubeconfig <file>", "MILLRACE_KUBECONFIG", "with --kubernetes: how to reach the cluster"],
  ["--context <name>", "MILLRACE_CONTEXT", "of the kubeconfig"],
  ["--namespaces <names>", "MILLRACE_NAMESPACES", "only the autoscalers of these, separated by commas"],
  [
    "--lease-name <name>",
    "MILLRACE_LEASE_NAME",
    "the Lease by which one of several operators leads",
    "millrace-operator",
  ],
  ["--lease-namespace <name>", "MILLRACE_LEASE_NAMESPACE", "where that Lease is"],
];

const flags: readonly Flag[] = [
  [
    "--brokers-file <file>",
    "MILLRACE_BROKERS_FILE",
    "all brokers with their credentials, instead of --amqp-url and --management-url",
  ],
  [
    "--amqp-url <url>",
    "AMQP_URL",
    "broker, amqp://user:password@host:port; the workers of process pools get it too",
  ],
  [
    "--management-url <url>",
    "RABBITMQ_MANAGEMENT_URL",
    "broker's management API, http://user:password@host:port",
  ],
  ["--prometheus-url <url>", "PROMETHEUS_URL", "where the workers' metrics are"],
  [
    "--prometheus-file <file>",
    "MILLRACE_PROMETHEUS_FILE",
    "the same with credentials, headers, TLS and names of labels, instead of --prometheus-url",
  ],
  [
    "--scrape-seconds <seconds>",
    "PROMETHEUS_SCRAPE_SECONDS",
    "how often Prometheus scrapes the workers",
    "5",
  ],
  ["--state <file>", "MILLRACE_STATE", "what outlives a restart", ".millrace/operator-state.json"],
  ["--listen <host:port>", "MILLRACE_LISTEN", "HTTP API and metrics", "127.0.0.1:9090"],
  [
    "--discovery-dir <dir>",
    "MILLRACE_DISCOVERY_DIR",
    "write the workers' addresses there for Prometheus' file_sd",
  ],
  [
    "--account-file <file>",
    "MILLRACE_ACCOUNT_FILE",
    "append the start-up, spawn and exit of each worker there",
  ],
  ["--worker-log-dir <dir>", "MILLRACE_WORKER_LOG_DIR", "one output file for each pool of workers"],
  [
    "--worker-metrics-host <address>",
    "MILLRACE_WORKER_METRICS_HOST",
    "where the workers of process pools serve their metrics",
    "127.0.0.1",
  ],
  ["--cycle-seconds <seconds>", "MILLRACE_CYCLE_SECONDS", "from one look to the next", "2"],
  ["--log-level <level>", "LOG_LEVEL", "debug, info, warn, error or silent", "info"],
];

/** Declares the operator's flags; each has its value from the environment where it is not given. */
export function addOperatorFlags(
  command: Command,
  env: Readonly<Record<string, string | undefined>>,
): Command {
  command.option(
    "--config <path...>",
    "files or directories with WorkerAutoscaler and ProcessPool documents (MILLRACE_CONFIG, separated by commas)",
    env["MILLRACE_CONFIG"]?.split(","),
  );
  command.option(
    "--kubernetes",
    "take WorkerAutoscalers from a cluster and scale what is there; needs no saying in a pod without --config",
  );
  addFlags(command, clusterFlags, env);
  command.option("--no-leader-election", "decide without a Lease: only where this is the only operator");
  command.option(
    "--protect-busy-pods",
    "with --kubernetes: annotate pods that run jobs, so that node consolidation leaves them alone",
  );
  command.option(
    "--no-fast-path",
    "do not ask the broker: everything comes through Prometheus, and min should be 1 or more",
  );
  return addFlags(command, flags, env);
}

function addFlags(
  command: Command,
  list: readonly Flag[],
  env: Readonly<Record<string, string | undefined>>,
): Command {
  for (const [flag, variable, description, preset] of list) {
    command.option(
      flag,
      `${description} (${variable}${preset === undefined ? "" : `; default ${preset}`})`,
      env[variable] ?? preset,
    );
  }
  return command;
}
