/** A step of the schema. Once released, neither its version nor its text may change. */
export type Migration = { readonly version: number; readonly name: string; readonly sql: string };

/**
 * The row of a job is its own outbox: `lease_until` is set while the broker's confirm is outstanding, and the
 * sweeper looks at nothing else. JSON from outside is kept as text: it is forwarded byte for byte, and text cannot
 * fail on what a json column refuses (deep nesting, escaped NUL), so that no caller spoils a batch shared with
 * others. The columns run to tie are the position of the last event (kit's EventPosition). What changes with every
 * event is in no index, which keeps those updates heap-only.
 */
const createJobs: Migration = {
  version: 1,
  name: "create-jobs",
  sql: `
    CREATE TABLE jobs (
      id               uuid PRIMARY KEY,
      type             text NOT NULL,
      subject          text NOT NULL,
      payload          text NOT NULL,
      traceparent      text,
      idempotency_key  text,
      input_hash       text,
      submitted_at     timestamptz NOT NULL,
      published_at     timestamptz,
      lease_until      timestamptz,
      status           text NOT NULL,
      run              integer NOT NULL,
      absorbing        smallint NOT NULL,
      attempt          integer NOT NULL,
      rank             smallint NOT NULL,
      at_ms            double precision NOT NULL,
      tie              text COLLATE "C" NOT NULL,
      worker           text,
      error            text,
      result           text
    ) WITH (fillfactor = 80);
    CREATE UNIQUE INDEX jobs_idempotency ON jobs (subject, type, idempotency_key) WHERE idempotency_key IS NOT NULL;
    CREATE INDEX jobs_outbox ON jobs (lease_until) WHERE lease_until IS NOT NULL;
  `,
};

/** Oldest first. */
export const migrations: readonly Migration[] = [createJobs];
