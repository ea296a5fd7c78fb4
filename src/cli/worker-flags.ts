import type { Command } from "commander";

/** All as text: what a flag or a variable means is decided in one place, so that every problem can be listed. */
export type WorkerFlags = {
  readonly amqpUrl?: string;
  readonly jobs?: readonly string[];
  readonly builtin?: readonly string[];
  readonly smtpUrl?: string;
  readonly concurrency?: string;
  readonly objectiveWaitSeconds?: readonly string[];
  readonly drainSeconds?: string;
  readonly metricsHost?: string;
  readonly metricsPort?: string;
  readonly broker?: string;
  readonly workerName?: string;
  readonly heartbeatSeconds?: string;
  readonly prefix?: string;
  readonly queueType?: string;
  readonly delaySteps?: readonly string[];
  readonly deliveryLimit?: string;
  readonly maxLength?: string;
  readonly logLevel: string;
};

type Flag = readonly [flag: string, variable: string, description: string];

const FLAGS: readonly Flag[] = [
  ["--amqp-url <url>", "AMQP_URL", "broker, amqp://user:password@host:port/vhost"],
  ["--smtp-url <url>", "SMTP_URL", "mail server of the built-in email jobs, smtp://user:password@host:port"],
  ["--concurrency <count>", "MILLRACE_CONCURRENCY", "jobs of each type at one time; default 10"],
  ["--drain-seconds <seconds>", "MILLRACE_DRAIN_SECONDS", "for running jobs after SIGTERM; default 25"],
  ["--metrics-host <address>", "MILLRACE_METRICS_HOST", "of /metrics, /healthz, /readyz; default 0.0.0.0"],
  ["--metrics-port <number>", "MILLRACE_METRICS_PORT", "0 for any; default 9091"],
  ["--broker <name>", "MILLRACE_BROKER", "the metrics' broker label; default default"],
  [
    "--worker-name <name>",
    "MILLRACE_WORKER_NAME",
    "in events and dead letters; default host name and process id",
  ],
  ["--heartbeat-seconds <seconds>", "MILLRACE_HEARTBEAT_SECONDS", "of the broker's connections; default 10"],
  ["--prefix <text>", "MILLRACE_PREFIX", "begins every name at the broker; default jobs"],
  ["--queue-type <type>", "MILLRACE_QUEUE_TYPE", "quorum or classic; default quorum"],
  ["--delivery-limit <count>", "MILLRACE_DELIVERY_LIMIT", "of the job queues; default 20"],
  ["--max-length <count>", "MILLRACE_MAX_LENGTH", "of the job queues; default 1000000"],
];

const LISTS: readonly Flag[] = [
  ["--jobs <module...>", "MILLRACE_JOBS", "modules that export job handlers"],
  [
    "--builtin <type...>",
    "MILLRACE_BUILTIN",
    "built-in types to run: email, sleep; default none with --jobs, else sleep, and email with a mail server",
  ],
  [
    "--objective-wait-seconds <seconds...>",
    "MILLRACE_OBJECTIVE_WAIT_SECONDS",
    "waits that objectives promise; they become bucket edges",
  ],
  ["--delay-steps <seconds...>", "MILLRACE_DELAY_STEPS", "of retries, ascending; default 1 5 30 120 600"],
];

type Environment = Readonly<Record<string, string | undefined>>;

/** Declares the worker's flags; each has its value from the environment where it is not given. */
export function addWorkerFlags(command: Command, env: Environment): Command {
  for (const [flag, variable, description] of LISTS) {
    const given = env[variable]?.split(",").filter((item) => item !== "");
    command.option(flag, `${description} (${variable}, separated by commas)`, given);
  }
  for (const [flag, variable, description] of FLAGS) {
    command.option(flag, `${description} (${variable})`, env[variable]);
  }
  return command.option(
    "--log-level <level>",
    "debug, info, warn, error or silent (LOG_LEVEL; default info)",
    env["LOG_LEVEL"] ?? "info",
  );
}
