import type { Pool } from "pg";
import type { InsertOutcome, NewJob } from "../gateway/ports.ts";
import { FIND_KEYS, INSERT_JOBS } from "./job-statements.ts";
import { repeatingDeadlocks } from "./postgres-failures.ts";

type KeyRow = {
  readonly id: string;
  readonly subject: string;
  readonly type: string;
  readonly idempotency_key: string;
  readonly input_hash: string;
};

/** A key can be freed by a rejection between the insert that met it and the look for it; then the insert is repeated. */
const MAX_ROUNDS = 5;

/**
 * Inserts the jobs in one statement and answers their outcomes in the same order. Of jobs with one idempotency key
 * the first one wins, be it in this batch, in a concurrent one, or long ago.
 */
export async function insertJobs(
  pool: Pool,
  jobs: readonly NewJob[],
  leaseMs: number,
): Promise<readonly InsertOutcome[]> {
  const outcomes = new Map<string, InsertOutcome>();
  let open = jobs;
  for (let round = 1; open.length > 0; round += 1) {
    if (round > MAX_ROUNDS) throw new Error(`${open.length} idempotency keys were freed again and again`);
    await insertRound(pool, open, { leaseMs, outcomes });
    open = open.filter((job) => !outcomes.has(job.id));
  }
  return jobs.map((job) => outcomes.get(job.id) ?? { kind: "inserted" });
}

async function insertRound(
  pool: Pool,
  jobs: readonly NewJob[],
  round: { readonly leaseMs: number; readonly outcomes: Map<string, InsertOutcome> },
): Promise<void> {
  const values = [...columnsOf([...jobs].sort(byKey)), round.leaseMs];
  const inserted = await repeatingDeadlocks(() => pool.query<{ id: string }>({ ...INSERT_JOBS, values }));
  for (const { id } of inserted.rows) round.outcomes.set(id, { kind: "inserted" });
  if (inserted.rows.length === jobs.length) return;
  const refused = jobs.filter((job) => !round.outcomes.has(job.id));
  const first = await findFirst(pool, refused);
  for (const job of refused) {
    const row = first.get(keyOf(job));
    if (row === undefined) continue;
    const kind = row.input_hash === job.idempotency?.inputHash ? "replayed" : "conflict";
    round.outcomes.set(job.id, { kind, id: row.id });
  }
}

/** Two gateways that insert the same keys in one order wait for each other instead of ending in a deadlock. */
function byKey(left: NewJob, right: NewJob): number {
  return keyOf(left) < keyOf(right) ? -1 : 1;
}

function keyOf(job: NewJob): string {
  return `${job.subject}\n${job.type}\n${job.idempotency?.key ?? ""}`;
}

function columnsOf(jobs: readonly NewJob[]): readonly (readonly unknown[])[] {
  return [
    jobs.map((job) => job.id),
    jobs.map((job) => job.type),
    jobs.map((job) => job.subject),
    jobs.map((job) => job.payload),
    jobs.map((job) => job.traceparent ?? null),
    jobs.map((job) => job.idempotency?.key ?? null),
    jobs.map((job) => job.idempotency?.inputHash ?? null),
    jobs.map((job) => new Date(job.submittedAtMs)),
  ];
}

async function findFirst(pool: Pool, jobs: readonly NewJob[]): Promise<ReadonlyMap<string, KeyRow>> {
  const { rows } = await pool.query<KeyRow>({
    ...FIND_KEYS,
    values: [
      jobs.map((job) => job.subject),
      jobs.map((job) => job.type),
      jobs.map((job) => job.idempotency?.key ?? null),
    ],
  });
  return new Map(rows.map((row) => [`${row.subject}\n${row.type}\n${row.idempotency_key}`, row]));
}
