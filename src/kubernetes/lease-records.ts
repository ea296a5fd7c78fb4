/** A Lease object as the election sees it. */
export type LeaseRecord = {
  /** Changes with every write: the API server's resourceVersion. */
  readonly version: string;
  /** Empty while nobody holds it. */
  readonly holder: string;
  readonly durationMs: number;
  readonly acquiredMs: number;
  readonly renewedMs: number;
  /** How often it went from one holder to another. */
  readonly transitions: number;
};

/** One record that many processes write; a write counts only when nobody wrote since the record that it builds on. */
export interface LeaseRecords {
  /** Undefined when there is none. Rejects when no answer came. */
  read(signal: AbortSignal): Promise<LeaseRecord | undefined>;
  /** Creates the record when `before` is undefined. Rejects when no answer came: the write may have counted all the same. */
  write(
    record: Omit<LeaseRecord, "version">,
    options: { readonly before: LeaseRecord | undefined; readonly signal: AbortSignal },
  ): Promise<LeaseRecord | "conflict">;
}
