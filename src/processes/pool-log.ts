import type { Logger } from "../../kit/src/logger.ts";
import type { PoolEvent } from "./pool-event.ts";
import { crashLoopAfter } from "./restart-delay.ts";

/** One log line for each event, as loud as it deserves. */
export const logPoolEvent = (logger: Logger, event: PoolEvent): void => {
  switch (event.kind) {
    case "created":
    case "spawned":
    case "ready":
      return logger.debug(event, "replica started");
    case "draining":
      return logger.info(event, "replica told to end");
    case "killed":
      return logger.warn(event, "replica outlived its grace, killed");
    case "exited":
      return event.asked
        ? logger.debug(event, "replica ended")
        : logger.warn(event, "replica ended without being asked");
    case "restarting":
      return event.crashes < crashLoopAfter
        ? logger.warn(event, "replica will be started again")
        : logger.error(event, "replica keeps crashing");
  }
};
