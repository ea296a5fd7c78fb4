import { appendFileSync } from "node:fs";
import type { Logger } from "../../kit/src/logger.ts";
import type { PoolEvent } from "./pool-event.ts";

const recorded: ReadonlySet<PoolEvent["kind"]> = new Set(["created", "spawned", "ready", "killed", "exited"]);

/**
 * Appends the life of each replica to a file, one JSON event a line, so that replica-seconds can be counted afterwards:
 * from an event `spawned` to the event `exited` of the same replica and pid; and start-ups, from `created` to `ready`.
 *
 * Synchronous, so that a line is on its way before anything follows from the event.
 */
export const createAccountFile =
  (path: string, logger: Logger): ((event: PoolEvent) => void) =>
  (event) => {
    if (!recorded.has(event.kind)) return;
    try {
      appendFileSync(path, `${JSON.stringify(event)}\n`);
    } catch (error) {
      logger.error({ err: error, path }, "cannot write the account of replicas");
    }
  };
