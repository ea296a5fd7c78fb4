import { Command } from "commander";
import { pino } from "pino";
import { Registry } from "prom-client";
import type { Logger } from "../../kit/src/logger.ts";
import { ConfigError } from "../../kit/src/config-error.ts";
import { untilTerminated } from "../../kit/src/worker/until-terminated.ts";
import { loadResources } from "../operator/load-resources.ts";
import { operatorPage } from "../console/operator-page.ts";
import { createOperator } from "../operator/operator.ts";
import { createResourceWatch } from "../operator/resource-watch.ts";
import { createFileStateStore } from "../operator/state-store.ts";
import { createProcessFleet } from "../processes/process-fleet.ts";
import { createPrometheusFloorSource } from "../prometheus/prometheus-floor-source.ts";
import { createPrometheusWorkerSource } from "../prometheus/prometheus-worker-source.ts";
import { createRabbitmqBrokerSource } from "../rabbitmq/rabbitmq-broker-source.ts";
import { asPortProblem } from "./as-port-problem.ts";
import { brokerAccessList } from "./broker-access-list.ts";
import { isOnKubernetes } from "./kubernetes-settings.ts";
import { loadBrokers } from "./load-brokers.ts";
import { loadPrometheus } from "./load-prometheus.ts";
import { staleAfterSeconds } from "./operator-common.ts";
import { addOperatorFlags, type OperatorFlags } from "./operator-flags.ts";
import { parseOperatorFlags } from "./operator-settings.ts";
import { poolOf } from "./pool-of.ts";
import { packageVersion } from "./package-version.ts";
import { runServices } from "./run-services.ts";

/** `millrace operator`: sizes the workers of every autoscaler until SIGTERM or SIGINT; its process pools drain with it. */
export function operatorCommand(): Command {
  const command = new Command("operator").description(
    "Runs just enough workers for each WorkerAutoscaler, and says why. Flags win over the environment.",
  );
  return addOperatorFlags(command, process.env).action(async (flags: OperatorFlags) => {
    if (!isOnKubernetes(flags, process.env)) return runOnFiles(flags);
    // Loaded only when it is needed, like the process pools' counterpart.
    return (await import("./operator-on-kubernetes.ts")).runOnKubernetes(flags);
  });
}

async function runOnFiles(flags: OperatorFlags): Promise<void> {
  const { settings, problems } = parseOperatorFlags(flags);
  const brokers = await loadBrokers(flags, problems);
  const prometheus = await loadPrometheus(flags, problems);
  const load = () => loadResources(settings.config);
  const resources = await load().catch((cause: unknown) => {
    if (!(cause instanceof ConfigError)) throw cause;
    if (settings.config.length > 0) problems.push(...cause.problems);
    return { autoscalers: [], pools: [] };
  });
  if (problems.length > 0) throw new ConfigError(problems);
  const logger = pino({ level: flags.logLevel });
  const registry = new Registry();
  const nowMs = () => Date.now();
  const { amqpUrl } = flags;
  const fleet = createProcessFleet({
    ...settings.fleet,
    pools: resources.pools.map(poolOf),
    baseEnv: { ...process.env, ...(amqpUrl !== undefined && { AMQP_URL: amqpUrl }) },
    registry,
    logger,
  });
  const broker =
    brokers.length > 0 && settings.fastPath ? createRabbitmqBrokerSource({ brokers, logger }) : undefined;
  const accessList = brokerAccessList(brokers);
  const operator = createOperator(
    {
      autoscalers: resources.autoscalers,
      fleet,
      ...(broker !== undefined && { broker }),
      ...(accessList !== undefined && { brokers: accessList }),
      ...(prometheus !== undefined && {
        workers: createPrometheusWorkerSource(prometheus),
        floors: createPrometheusFloorSource(prometheus),
      }),
      state: createFileStateStore(flags.state, { nowMs }),
      registry,
      version: packageVersion(),
      logger,
      nowMs,
      listen: settings.listen,
      page: operatorPage,
    },
    { cycleSeconds: settings.cycleSeconds, staleAfterSeconds: staleAfterSeconds(prometheus) },
  );
  const watch = createResourceWatch({
    load,
    loaded: resources,
    onChange: (changed) => operator.replaceAutoscalers(changed),
    logger,
  });
  await runServices([fleet, ...(broker === undefined ? [] : [broker]), operator, watch], {
    until: untilSignal(logger),
  }).catch(asPortProblem("--listen"));
}

/** A second signal ends the process at once; the keepers of the pools then drain the workers. */
async function untilSignal(logger: Logger): Promise<void> {
  const signal = await untilTerminated(process, () => performance.now());
  logger.info({ signal }, "operator stopping");
}
