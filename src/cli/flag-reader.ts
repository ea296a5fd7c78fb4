const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"];

/** Reads the texts of flags and notes each one that is wrong, so that all can be told at once. */
export class FlagReader {
  readonly problems: string[] = [];

  /** `protocols`, for example `amqp:`. The text is not repeated in a problem: it may hold a password. */
  url(flag: string, text: string | undefined, protocols: readonly string[]): string | undefined {
    if (text === undefined || protocols.includes(URL.parse(text)?.protocol ?? "")) return text;
    const starts = protocols.map((protocol) => `${protocol}//`).join(" or ");
    this.problems.push(`${flag}: expected an address that starts with ${starts}`);
    return undefined;
  }

  seconds(flag: string, text: string, { from, to }: { readonly from: number; readonly to: number }): number {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (!(value >= from && value <= to))
      this.problems.push(`${flag}: expected ${from} to ${to} seconds, got ${text}`);
    return value;
  }

  /** `host:port`; an IPv6 host stands in brackets. */
  address(flag: string, text: string): { readonly host: string; readonly port: number } {
    const match = /^(.+):(\d{1,5})$/.exec(text);
    const port = Number(match?.[2]);
    if (match?.[1] === undefined || port > 65_535)
      this.problems.push(`${flag}: expected host:port, for example 127.0.0.1:9090, got ${text}`);
    return { host: match?.[1]?.replace(/^\[(.*)\]$/, "$1") ?? "", port };
  }

  /** A host that others can be told to connect to: not 0.0.0.0, and without a port. */
  host(flag: string, text: string): string {
    if (text === "0.0.0.0" || !/^[\w.-]+$/.test(text))
      this.problems.push(
        `${flag}: expected one IPv4 address or name of this machine, as Prometheus is given it, got ${text}`,
      );
    return text;
  }

  logLevel(text: string): void {
    this.oneOf("--log-level", text, LOG_LEVELS);
  }

  oneOf(flag: string, text: string, choices: readonly string[]): void {
    if (!choices.includes(text)) this.problems.push(`${flag}: expected ${choices.join(", ")}, got ${text}`);
  }
}
