/**
 * The store's statements, most of them for many jobs. They are named, so that each connection plans them once.
 * Rows come sorted by what they lock; what still meets in a deadlock is repeated by the caller.
 */

/** $1..$8 are arrays of one length, $9 is the lease in milliseconds. A known idempotency key inserts nothing. */
export const INSERT_JOBS = {
  name: "millrace-insert-jobs",
  text: `
    INSERT INTO jobs (id, type, subject, payload, traceparent, idempotency_key, input_hash, submitted_at, lease_until,
                      status, run, absorbing, attempt, rank, at_ms, tie)
    SELECT id, type, subject, payload, traceparent, idempotency_key, input_hash, submitted_at,
           now() + $9 * interval '1 ms', 'queued', 1, 0, 0, 0, 0, ''
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
      AS job (id, type, subject, payload, traceparent, idempotency_key, input_hash, submitted_at)
    ON CONFLICT (subject, type, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
    RETURNING id`,
} as const;

/** $1..$3: arrays of subject, type and key. */
export const FIND_KEYS = {
  name: "millrace-find-keys",
  text: `
    SELECT jobs.id, jobs.subject, jobs.type, jobs.idempotency_key, jobs.input_hash
    FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (subject, type, idempotency_key)
    JOIN jobs USING (subject, type, idempotency_key)`,
} as const;

export const MARK_PUBLISHED = {
  name: "millrace-mark-published",
  text: `
    UPDATE jobs SET published_at = now(), lease_until = NULL
    WHERE id = ANY ($1::uuid[]) AND published_at IS NULL AND status <> 'rejected'`,
} as const;

export const REJECT_JOBS = {
  name: "millrace-reject-jobs",
  text: `
    UPDATE jobs SET status = 'rejected', lease_until = NULL, idempotency_key = NULL
    WHERE id = ANY ($1::uuid[]) AND published_at IS NULL AND status <> 'rejected'`,
} as const;

/**
 * Kit's `apply`, for the last event of each job: $1..$11 are arrays of one length. The comparison is the one of
 * kit's comparePositions. An event that is not later than the row's was preceded by one that set published_at.
 */
export const APPLY_EVENTS = {
  name: "millrace-apply-events",
  text: `
    UPDATE jobs SET
      status = event.status, run = event.run, absorbing = event.absorbing, attempt = event.attempt, rank = event.rank,
      at_ms = event.at_ms, tie = event.tie, worker = event.worker, error = event.error, result = event.result,
      published_at = coalesce(jobs.published_at, now()), lease_until = NULL
    FROM unnest($1::uuid[], $2::text[], $3::int[], $4::smallint[], $5::int[], $6::smallint[], $7::float8[], $8::text[],
                $9::text[], $10::text[], $11::text[])
      AS event (id, status, run, absorbing, attempt, rank, at_ms, tie, worker, error, result)
    WHERE jobs.id = event.id AND jobs.status <> 'rejected'
      AND (event.run, event.absorbing, event.attempt, event.rank, event.at_ms, event.tie COLLATE "C")
        > (jobs.run, jobs.absorbing, jobs.attempt, jobs.rank, jobs.at_ms, jobs.tie)`,
} as const;

/** $1 rows at most, $2 lease in milliseconds. SKIP LOCKED: gateways that sweep together share the rows out. */
export const LEASE_UNPUBLISHED = {
  name: "millrace-lease-unpublished",
  text: `
    UPDATE jobs SET lease_until = now() + $2 * interval '1 ms'
    WHERE id IN (
      SELECT id FROM jobs WHERE lease_until < now() ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING id, type, payload, traceparent, submitted_at`,
} as const;

export const FIND_JOB = {
  name: "millrace-find-job",
  text: `
    SELECT id, type, status, run, attempt, at_ms, submitted_at, published_at, worker, error, result
    FROM jobs WHERE id = $1`,
} as const;

export const COUNT_BY_STATUS = {
  name: "millrace-count-by-status",
  text: "SELECT status, count(*)::float8 AS count FROM jobs GROUP BY status",
} as const;

/** $1: array of ids. */
export const FIND_STATUSES = {
  name: "millrace-find-statuses",
  text: "SELECT id, status FROM jobs WHERE id = ANY ($1::uuid[])",
} as const;
