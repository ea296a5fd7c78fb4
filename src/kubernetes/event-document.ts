/** A core `events.k8s.io/v1` Event, and whom it regards. */
export type Regarded = {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string | undefined;
};
export type Occurrence = {
  readonly type: "Normal" | "Warning";
  /** CamelCase, the same word as the decision's or the condition's reason. */
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly atMs: number;
};

const maxNoteBytes = 1_024;
const maxReasonCharacters = 128;

export function eventDocument(
  { namespace, name, uid }: Regarded,
  occurrence: Occurrence,
  { instance, suffix }: { readonly instance: string; readonly suffix: string },
): object {
  const { type, reason, action, note, atMs } = occurrence;
  return {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { namespace, name: `${name.slice(0, 200)}.${suffix}` },
    eventTime: new Date(atMs).toISOString().replace("Z", "000Z"),
    reportingController: "millrace.dev/operator",
    reportingInstance: instance.slice(0, 128),
    type,
    reason: reason.slice(0, maxReasonCharacters),
    action,
    note: shortened(note),
    regarding: {
      apiVersion: "millrace.dev/v1alpha1",
      kind: "WorkerAutoscaler",
      namespace,
      name,
      ...(uid !== undefined && { uid }),
    },
  };
}

/** The API server refuses a longer note. */
function shortened(note: string): string {
  if (Buffer.byteLength(note) < maxNoteBytes) return note;
  return `${Buffer.from(note).subarray(0, 1_000).toString("utf8").replace(/�+$/, "")}...`;
}

/** `from-zero` → `FromZero`. */
export const camelCase = (reason: string): string =>
  reason.replaceAll(/(?:^|-)([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
