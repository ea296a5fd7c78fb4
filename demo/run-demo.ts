import { setTimeout as delay } from "node:timers/promises";
import type { RunScope } from "../embedded/run-scope.ts";
import { createPostgresPool } from "../src/store/postgres-pool.ts";
import { PostgresJobStore } from "../src/store/postgres-job-store.ts";
import { silentLogger } from "../kit/src/logger.ts";
import {
  type AcceptedJob,
  type Evidence,
  p95,
  type PhaseAccount,
  phaseAccounts,
  type Summary,
  summarize,
} from "./account.ts";
import { loadPlan, type Phase, plannedJobs, seededRandom } from "./load-plan.ts";
import { changesOf, readAutoscaler, type ShownAutoscaler } from "./operator-client.ts";
import type { DemoOptions } from "./options.ts";
import { promise } from "./promise.ts";
import { createStage, type Stage } from "./stage.ts";
import { createSubmitter, type Submitter } from "./submitter.ts";
import { createView, type View } from "./view.ts";

const roundSeconds = 90;
const drainLimitSeconds = 60;

type Rows = {
  settled(
    accepted: readonly AcceptedJob[],
  ): Promise<{ readonly statuses: ReadonlyMap<string, string>; readonly count: number }>;
  close(): Promise<void>;
};

const openRows = (databaseUrl: string): Rows => {
  const pool = createPostgresPool(
    { connectionString: databaseUrl, maxConnections: 1, timeoutMs: 5_000 },
    silentLogger,
  );
  const store = new PostgresJobStore(pool, { leaseMs: 30_000 });
  return {
    async settled(accepted) {
      const statuses = await store.statusesOf(accepted.map(({ id }) => id));
      const count = [...statuses.values()].filter(
        (status) => status === "succeeded" || status === "dead_lettered",
      ).length;
      return { statuses, count };
    },
    close: () => pool.end(),
  };
};

/** What is shown every second while the load runs. */
const watch = (parts: {
  stage: Stage;
  submitter: Submitter;
  rows: Rows;
  view: View;
  phases: readonly Phase[];
  startedAtMs: number;
  totalSeconds: number | undefined;
}) => {
  const { stage, submitter, rows, view, phases, startedAtMs, totalSeconds } = parts;
  return async (): Promise<{
    readonly autoscaler: ShownAutoscaler | undefined;
    readonly settled: number;
  }> => {
    const elapsedSeconds = (Date.now() - startedAtMs) / 1000;
    const [autoscaler, { count }] = await Promise.all([
      readAutoscaler(stage.operatorUrl),
      rows.settled(submitter.accepted),
    ]);
    const phase = phases.find((candidate) => elapsedSeconds < candidate.untilSeconds)?.name ?? "drain";
    view.show({
      elapsedSeconds,
      totalSeconds,
      phase,
      accepted: submitter.accepted.length,
      settled: count,
      autoscaler,
    });
    return { autoscaler, settled: count };
  };
};

const untilAborted = (signal: AbortSignal, ms: number): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => {});

/** Looks once a second until every accepted job is settled and, unless cut short, the workers are down to the minimum; or time is up. */
const drain = async (
  look: ReturnType<typeof watch>,
  submitter: Submitter,
  goal: { minReplicas: number; interrupt: AbortSignal; hurry: AbortSignal },
): Promise<void> => {
  const untilMs = Date.now() + drainLimitSeconds * 1000;
  while (Date.now() < untilMs && !goal.hurry.aborted) {
    const { autoscaler, settled } = await look();
    const replicas = autoscaler?.status.replicas;
    const atRest = replicas?.desired === goal.minReplicas && replicas.current === goal.minReplicas;
    if ((atRest || goal.interrupt.aborted) && settled === submitter.accepted.length) return;
    await untilAborted(goal.hurry, 1_000);
  }
};

export type Account = {
  readonly summary: Summary;
  readonly phases: readonly PhaseAccount[];
  /** p95 of created → ready. */
  readonly startupSeconds: number;
};

const account = async (parts: {
  stage: Stage;
  submitter: Submitter;
  rows: Rows;
  phases: readonly Phase[];
  options: DemoOptions;
}): Promise<Account> => {
  const { stage, submitter, rows, phases, options } = parts;
  const autoscaler = await readAutoscaler(stage.operatorUrl);
  const { statuses } = await rows.settled(submitter.accepted);
  const startups = await stage.startupSeconds();
  await stage.stop();
  const evidence: Evidence = {
    accepted: submitter.accepted,
    rows: statuses,
    records: await stage.workerRecords(),
    replicas: await stage.replicaRuns(Date.now()),
    phases,
    changes: changesOf(autoscaler).map(({ time, from, to }) => ({ atMs: Date.parse(time), from, to })),
    replicasFinal: autoscaler?.status.replicas.desired ?? -1,
    startupSeconds: p95(startups),
    noticeSeconds: promise.cycleSeconds + (options.fastPath ? 0 : 2 * promise.scrapeSeconds),
  };
  return {
    summary: summarize(evidence),
    phases: phaseAccounts(evidence),
    startupSeconds: evidence.startupSeconds,
  };
};

/**
 * One demo in its scope. `interrupt` (Ctrl-C) ends the load, the jobs under way are finished and the account is given;
 * `hurry` (Ctrl-C again) gives up waiting for them.
 */
export const runDemo = async (
  scope: RunScope,
  options: DemoOptions,
  { interrupt, hurry, output }: { interrupt: AbortSignal; hurry: AbortSignal; output: NodeJS.WriteStream },
): Promise<Account> => {
  output.write(
    `starting RabbitMQ, PostgreSQL, Prometheus, the gateway and the operator at ${scope.address}, in ${scope.directory}\n`,
  );
  const stage = await createStage(scope, options);
  const startedAtMs = Date.now();
  const view = createView(output, startedAtMs);
  const submitter = createSubmitter({ url: stage.gatewayUrl, file: stage.acceptedFile, startedAtMs });
  const rows = openRows(stage.databaseUrl);
  const random = seededRandom(20_261_121);
  const phases: Phase[] = [];
  const look = watch({ stage, submitter, rows, view, phases, startedAtMs, totalSeconds: options.seconds });
  view.say(`watch it here: ${stage.operatorUrl}/`);
  view.say(`gateway ${stage.gatewayUrl}  Prometheus ${stage.prometheusUrl}`);
  view.say(`for a worker of your own: AMQP_URL=${stage.amqpUrl} DATABASE_URL=${stage.databaseUrl}`);
  view.say(
    `promise: ${promise.attainmentRatio * 100} % of the jobs start within ${promise.waitSeconds} s, with ${options.minReplicas} to ${promise.maxReplicas} workers`,
  );
  try {
    const length = options.seconds ?? roundSeconds;
    const watching = new AbortController();
    const watched = (async () => {
      while (!watching.signal.aborted) {
        await look();
        await untilAborted(watching.signal, 1_000);
      }
    })();
    for (
      let offset = 0;
      !interrupt.aborted && (offset === 0 || options.seconds === undefined);
      offset += length
    ) {
      const round = loadPlan(length, offset);
      phases.push(...round);
      await submitter.run(
        round.flatMap((phase) => plannedJobs(phase, random)),
        interrupt,
      );
      await untilAborted(interrupt, Math.max(0, startedAtMs + (offset + length) * 1000 - Date.now()));
    }
    watching.abort();
    await watched;
    await drain(look, submitter, { minReplicas: options.minReplicas, interrupt, hurry });
    view.end();
    for (const [why, count] of submitter.refused) view.say(`not accepted: ${count} × ${why}`);
    return await account({ stage, submitter, rows, phases, options });
  } finally {
    await rows.close();
  }
};
