/** What is kept of an error: in events, in dead letters' headers, and in job rows. */
export type JobError = {
  /** Stable: `handler-failed`, `timeout`, `payload-invalid`, `delivery-limit`, or the thrown error's own `code`. */
  readonly code: string;
  /** At most 1,000 characters. */
  readonly message: string;
  /** At most 4,000 characters: headers over 64 KiB cannot be published. */
  readonly stack?: string;
};

const MAX_MESSAGE_CHARACTERS = 1_000;
const MAX_STACK_CHARACTERS = 4_000;

/** Anything can be thrown: an Error keeps its code, message and stack, all else becomes its text. */
export function toJobError(thrown: unknown, code = "handler-failed"): JobError {
  if (!(thrown instanceof Error)) return { code, message: clip(textOf(thrown), MAX_MESSAGE_CHARACTERS) };
  const own: unknown = "code" in thrown ? thrown.code : undefined;
  return {
    code: typeof own === "string" && own !== "" ? clip(own, 100) : code,
    message: clip(thrown.message, MAX_MESSAGE_CHARACTERS),
    ...(thrown.stack === undefined ? {} : { stack: clip(thrown.stack, MAX_STACK_CHARACTERS) }),
  };
}

function textOf(thrown: unknown): string {
  if (typeof thrown === "string") return thrown;
  try {
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return "a value that cannot be written as JSON was thrown"; // cyclic, or a BigInt
  }
}

function clip(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}
