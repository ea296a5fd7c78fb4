import type { Logger } from "../../kit/src/logger.ts";

export type LogLine = {
  readonly level: keyof Logger;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
};

/** Keeps what was logged. */
export class RecordingLogger implements Logger {
  readonly lines: LogLine[] = [];

  debug(fields: object, message: string): void {
    this.lines.push({ level: "debug", fields: { ...fields }, message });
  }

  info(fields: object, message: string): void {
    this.lines.push({ level: "info", fields: { ...fields }, message });
  }

  warn(fields: object, message: string): void {
    this.lines.push({ level: "warn", fields: { ...fields }, message });
  }

  error(fields: object, message: string): void {
    this.lines.push({ level: "error", fields: { ...fields }, message });
  }
}
