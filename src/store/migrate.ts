import type { Pool } from "pg";
import { type Migration, migrations } from "./migrations.ts";

/** Any number that no other user of the database locks; gateways that start together wait for each other on it. */
const LOCK_ID = 4_173_251_002;

/** The database holds a schema that this version does not know: a newer version ran, or a released step was edited. */
export class SchemaMismatchError extends Error {
  override readonly name = "SchemaMismatchError";
  readonly code = "schema-mismatch";
}

/**
 * Brings the schema up to date, in one transaction under an advisory lock. Safe to run by several gateways at once;
 * answers the versions that this call applied.
 *
 * @throws SchemaMismatchError with nothing changed
 */
export async function migrate(
  pool: Pool,
  steps: readonly Migration[] = migrations,
): Promise<readonly number[]> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    await client.query("SELECT pg_advisory_xact_lock($1)", [LOCK_ID]);
    await client.query(`
      CREATE TABLE IF NOT EXISTS schema_migrations (
        version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
      )`);
    const { rows } = await client.query<{ version: number; name: string }>(
      "SELECT version, name FROM schema_migrations",
    );
    const pending = pendingSteps(steps, rows);
    for (const step of pending) {
      await client.query(step.sql);
      await client.query("INSERT INTO schema_migrations (version, name) VALUES ($1, $2)", [
        step.version,
        step.name,
      ]);
    }
    await client.query("COMMIT");
    client.release();
    return pending.map((step) => step.version);
  } catch (error) {
    // The connection may be broken in the middle of the transaction: it is closed, which rolls back.
    client.release(true);
    throw error;
  }
}

function pendingSteps(
  steps: readonly Migration[],
  applied: readonly { readonly version: number; readonly name: string }[],
): readonly Migration[] {
  const known = new Map(steps.map((step) => [step.version, step.name]));
  for (const { version, name } of applied) {
    if (known.get(version) !== name) {
      throw new SchemaMismatchError(
        `the database has schema step ${version} "${name}", which this version does not know`,
      );
    }
  }
  const done = new Set(applied.map((step) => step.version));
  return steps.filter((step) => !done.has(step.version));
}
