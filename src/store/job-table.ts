import type { ColumnType, Generated } from "kysely";

type Unset<T> = ColumnType<T | null, T | null | undefined, T | null>;

/** The table of migration 1, as kysely reads it. */
export type JobTable = {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly payload: string;
  readonly traceparent: Unset<string>;
  readonly idempotency_key: Unset<string>;
  readonly input_hash: Unset<string>;
  readonly submitted_at: Date;
  readonly published_at: Unset<Date>;
  readonly lease_until: Unset<Date>;
  readonly status: string;
  readonly run: number;
  readonly absorbing: number;
  readonly attempt: number;
  readonly rank: number;
  readonly at_ms: number;
  readonly tie: Generated<string>;
  readonly worker: Unset<string>;
  readonly error: Unset<string>;
  readonly result: Unset<string>;
};

export type Database = { readonly jobs: JobTable };
