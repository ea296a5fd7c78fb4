import type { JobContract } from "../../kit/src/job/define-job.ts";
import { type FieldError, ProblemError } from "./errors.ts";

/** More are not answered: a payload of a thousand wrong items would fill the answer. */
const MAX_ERROR_COUNT = 20;

/**
 * Checks a payload against the contract. What the schema makes of it is dropped: the input is forwarded as given, and
 * only the worker applies defaults and transforms.
 *
 * @throws ProblemError `payload-invalid` naming every field, the first one in `detail`
 */
export async function validatePayload(contract: JobContract, payload: unknown): Promise<void> {
  const parsed = await contract.payload.safeParseAsync(payload);
  if (parsed.success) return;
  const errors = parsed.error.issues.slice(0, MAX_ERROR_COUNT).map(fieldErrorOf);
  const [first] = errors;
  const where = first === undefined || first.field === "" ? "the payload" : first.field;
  const more = parsed.error.issues.length > 1 ? `, and ${parsed.error.issues.length - 1} more` : "";
  throw new ProblemError("payload-invalid", {
    detail: `${contract.type}: ${where}: ${first?.message ?? "refused"}${more}`,
    errors,
  });
}

function fieldErrorOf(issue: {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}): FieldError {
  const keys: readonly string[] = "keys" in issue && Array.isArray(issue.keys) ? issue.keys.map(String) : [];
  const path = keys.length === 1 ? [...issue.path, ...keys] : issue.path; // an unknown key is the field at fault
  return { field: dotPath(path), message: issue.message };
}

function dotPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}
