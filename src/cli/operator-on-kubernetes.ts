import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { pino } from "pino";
import { Registry } from "prom-client";
import { ConfigError } from "../../kit/src/config-error.ts";
import { untilTerminated } from "../../kit/src/worker/until-terminated.ts";
import { type ClusterAccess, clusterAccess } from "../kubernetes/cluster-access.ts";
import { ClusterAccessError } from "../kubernetes/errors.ts";
import { operatorPage } from "../console/operator-page.ts";
import { createOperator } from "../operator/operator.ts";
import { createPrometheusFloorSource } from "../prometheus/prometheus-floor-source.ts";
import { createPrometheusWorkerSource } from "../prometheus/prometheus-worker-source.ts";
import { createRabbitmqBrokerSource } from "../rabbitmq/rabbitmq-broker-source.ts";
import { asPortProblem } from "./as-port-problem.ts";
import { brokerAccessList } from "./broker-access-list.ts";
import { createClusterParts } from "./cluster-parts.ts";
import { type KubernetesSettings, parseKubernetesFlags } from "./kubernetes-settings.ts";
import { loadBrokers } from "./load-brokers.ts";
import { loadPrometheus } from "./load-prometheus.ts";
import { staleAfterSeconds } from "./operator-common.ts";
import type { OperatorFlags } from "./operator-flags.ts";
import { packageVersion } from "./package-version.ts";
import { runServices } from "./run-services.ts";

/** The operator on a cluster: autoscalers from its API server, scales by /scale, accounts in status and Events. */
export async function runOnKubernetes(flags: OperatorFlags): Promise<void> {
  const { settings, problems } = parseKubernetesFlags(flags);
  const brokers = await loadBrokers(flags, problems);
  const prometheus = await loadPrometheus(flags, problems);
  const staleSeconds = staleAfterSeconds(prometheus);
  const access = await accessOf(settings, problems);
  if (access === undefined || problems.length > 0) throw new ConfigError(problems);
  const logger = pino({ level: flags.logLevel });
  const registry = new Registry();
  const nowMs = () => Date.now();
  const broker =
    brokers.length > 0 && settings.fastPath ? createRabbitmqBrokerSource({ brokers, logger }) : undefined;
  const accessList = brokerAccessList(brokers);
  // A pod keeps its name over restarts: the second part makes each process another contender.
  const identity = `${hostname()}_${randomUUID()}`;
  const parts = createClusterParts({
    access,
    settings,
    staleAfterSeconds: staleSeconds,
    identity,
    registry,
    logger,
    nowMs,
    onAutoscalers: (autoscalers, claims) => operator.replaceAutoscalers(autoscalers, claims),
  });
  const operator = createOperator(
    {
      autoscalers: [],
      fleet: parts.fleet,
      journal: parts.journal,
      standing: parts.standing,
      ...(parts.lease !== undefined && { lease: parts.lease }),
      ...(broker !== undefined && { broker }),
      ...(accessList !== undefined && { brokers: accessList }),
      ...(prometheus !== undefined && {
        workers: createPrometheusWorkerSource(prometheus),
        floors: createPrometheusFloorSource(prometheus),
      }),
      registry,
      version: packageVersion(),
      logger,
      nowMs,
      listen: settings.listen,
      page: operatorPage,
    },
    { cycleSeconds: settings.cycleSeconds, staleAfterSeconds: staleSeconds },
  );
  const started = {
    start: async () => logger.info({ readyMs: Math.round(performance.now()), identity }, "operator ready"),
    stop: async () => {},
  };
  const services = [...parts.services, ...(broker === undefined ? [] : [broker]), operator, started];
  const terminated = untilTerminated(process, () => performance.now());
  const until = terminated.then((signal) => logger.info({ signal }, "operator stopping"));
  await runServices(services, { until }).catch(asPortProblem("--listen"));
}

async function accessOf(
  { kubeconfig, context }: KubernetesSettings,
  problems: string[],
): Promise<ClusterAccess | undefined> {
  try {
    return await clusterAccess({
      ...(kubeconfig !== undefined && { kubeconfig }),
      ...(context !== undefined && { context }),
      env: process.env,
    });
  } catch (cause) {
    if (!(cause instanceof ClusterAccessError)) throw cause;
    problems.push(`--kubernetes: ${cause.message}`);
    return undefined;
  }
}
