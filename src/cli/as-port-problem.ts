import { ConfigError } from "../../kit/src/config-error.ts";

/** A port that something else listens on is a wrong flag; every other failure stays what it is. */
export function asPortProblem(flag: string): (cause: unknown) => never {
  return (cause) => {
    if (!(cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE")) throw cause;
    const where = "port" in cause ? String(cause.port) : "the port";
    throw new ConfigError([`${flag}: ${where} is in use: stop what listens there, or choose another port`]);
  };
}
