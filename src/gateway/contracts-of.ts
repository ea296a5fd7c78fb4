import type { JobContract } from "../../kit/src/job/define-job.ts";

/** The job contracts among a module's exports; whatever else it exports is left alone. */
export function contractsOf(moduleExports: Readonly<Record<string, unknown>>): readonly JobContract[] {
  return Object.values(moduleExports).filter(isContract);
}

/** Told by its shape: the module may have its own copy of the kit. */
function isContract(value: unknown): value is JobContract {
  if (typeof value !== "object" || value === null) return false;
  const { type, payload, handle }: { type?: unknown; payload?: unknown; handle?: unknown } = value;
  return (
    typeof type === "string" &&
    typeof handle === "function" &&
    typeof payload === "object" &&
    payload !== null &&
    "safeParseAsync" in payload
  );
}
