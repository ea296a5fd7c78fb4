import type { Condition } from "./conditions.ts";

/** A condition without its name and time. */
export type State = Pick<Condition, "status" | "reason" | "message">;

export const yes = (reason: string, message: string): State => ({ status: "True", reason, message });
export const no = (reason: string, message: string): State => ({ status: "False", reason, message });
export const unknown = (reason: string, message: string): State => ({ status: "Unknown", reason, message });

/** `scale-in-hold` → `ScaleInHold`. */
export const pascal = (words: string): string =>
  words.replaceAll(/(?:^|-)([a-z])/g, (_match, letter: string) => letter.toUpperCase());
