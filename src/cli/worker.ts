import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Command } from "commander";
import { pino } from "pino";
import { ConfigError } from "../../kit/src/config-error.ts";
import type { JobHandler } from "../../kit/src/job/define-job.ts";
import {
  problemsOfRunWorkerOptions,
  runWorker,
  type RunWorkerOptions,
} from "../../kit/src/worker/run-worker.ts";
import { sleepHandler } from "../jobs/sleep-handler.ts";
import { asPortProblem } from "./as-port-problem.ts";
import { FlagReader } from "./flag-reader.ts";
import { addWorkerFlags, type WorkerFlags } from "./worker-flags.ts";
import { defined, parseWorkerFlags } from "./worker-settings.ts";

/** `millrace worker`: runs job handlers until SIGTERM or SIGINT, then drains and exits 0; a second signal exits 1. */
export function workerCommand(): Command {
  const command = new Command().description("Runs job handlers. Flags win over the environment.");
  return addWorkerFlags(command, process.env).action((flags: WorkerFlags) => run(flags));
}

async function run(flags: WorkerFlags): Promise<void> {
  const { options, problems } = await gather(flags);
  if (problems.length > 0) throw new ConfigError(problems);
  const logger = pino({ level: flags.logLevel });
  await runWorker({ ...options, logger }).catch(asPortProblem("--metrics-port"));
}

/** Everything is read before anything is refused, so that each problem is told at once. */
async function gather(flags: WorkerFlags): Promise<{ options: RunWorkerOptions; problems: string[] }> {
  const reader = new FlagReader();
  const { problems } = reader;
  const { amqpUrl, metricsHost, broker, workerName: name } = flags;
  if (amqpUrl === undefined) problems.push("AMQP_URL: required, or --amqp-url");
  const jobs = [...(await loadHandlers(problems, flags.jobs ?? [])), ...(await builtins(problems, flags))];
  reader.logLevel(flags.logLevel);
  const options = {
    amqpUrl: amqpUrl ?? "",
    jobs,
    ...parseWorkerFlags(flags, problems),
    ...defined({ metricsHost, broker, name }),
  };
  const isTold = (problem: string): boolean =>
    (amqpUrl === undefined && problem.startsWith("amqpUrl:")) ||
    (jobs.length === 0 && problem.startsWith("jobs:"));
  if (jobs.length === 0 && problems.length === 0) problems.push("--jobs or --builtin: nothing to run");
  problems.push(...problemsOfRunWorkerOptions(options).filter((problem) => !isTold(problem)));
  return { options, problems };
}

async function builtins(problems: string[], flags: WorkerFlags): Promise<readonly JobHandler[]> {
  const { smtpUrl, jobs = [], builtin } = flags;
  const implied = jobs.length > 0 ? [] : smtpUrl === undefined ? ["sleep"] : ["sleep", "email"];
  const handlers: JobHandler[] = [];
  for (const type of builtin ?? implied) {
    if (type === "sleep") handlers.push(sleepHandler);
    else if (type !== "email") problems.push(`--builtin: expected email or sleep, got "${type}"`);
    else if (smtpUrl === undefined) problems.push("SMTP_URL: required for email, or --smtp-url");
    else handlers.push((await import("../jobs/email-handler.ts")).createEmailHandler({ smtpUrl }));
  }
  return handlers;
}

async function loadHandlers(problems: string[], modules: readonly string[]): Promise<readonly JobHandler[]> {
  const handlers: JobHandler[] = [];
  for (const path of modules) {
    try {
      const loaded: Readonly<Record<string, unknown>> = await import(pathToFileURL(resolve(path)).href);
      const found = Object.values(loaded).filter(isHandler);
      if (found.length === 0)
        problems.push(`--jobs ${path}: exports no job handler (see defineJob, .handle)`);
      handlers.push(...found);
    } catch (error) {
      problems.push(`--jobs ${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return handlers;
}

/** Told by its shape: the module may have its own copy of the kit. */
function isHandler(value: unknown): value is JobHandler {
  return (
    typeof value === "object" &&
    value !== null &&
    "contract" in value &&
    "prepare" in value &&
    typeof value.prepare === "function"
  );
}
