import { DatabaseError } from "pg";
import { StoreUnavailableError } from "../gateway/ports.ts";

const MAX_TRIES = 5;
const DEADLOCK_DETECTED = "40P01";
/** Data exception, integrity violation, syntax or access rule: our statement is wrong, repeating it cannot help. */
const PROGRAMMING_CLASSES: ReadonlySet<string> = new Set(["22", "23", "42"]);

/** Repeats a statement that is safe to repeat when Postgres chose it as the victim of a deadlock. */
export async function repeatingDeadlocks<T>(statement: () => Promise<T>): Promise<T> {
  for (let tryCount = 1; ; tryCount += 1) {
    try {
      return await statement();
    } catch (error) {
      if (!(error instanceof DatabaseError && error.code === DEADLOCK_DETECTED) || tryCount >= MAX_TRIES) {
        throw error;
      }
    }
  }
}

/** @throws StoreUnavailableError for every failure that is not a defect of the statement itself */
export async function answering<T>(statement: () => Promise<T>): Promise<T> {
  try {
    return await statement();
  } catch (error) {
    if (error instanceof DatabaseError && PROGRAMMING_CLASSES.has((error.code ?? "").slice(0, 2)))
      throw error;
    throw new StoreUnavailableError("the job store does not answer", { cause: error });
  }
}
