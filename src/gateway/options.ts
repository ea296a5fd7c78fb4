import { ConfigError } from "../../kit/src/config-error.ts";

export type GatewayUserOptions = {
  /** Address to listen on. Default 127.0.0.1. There is no authentication, so that any other needs the next option. */
  readonly host?: string;
  /** Says that everybody who reaches the address may submit and read jobs. Default false. */
  readonly allowUnauthenticatedAccess?: boolean;
  /** 0 (any free one) to 65535. Default 8080. */
  readonly port?: number;
  /** Of a request. 1 KiB to 64 MiB, default 1 MiB. */
  readonly bodyLimitBytes?: number;
  /** How long the broker's confirm is awaited before a submission is answered with outcome-unknown. 0.1 to 60, default 10. */
  readonly confirmSeconds?: number;
  /**
   * How long an unpublished row is left to its gateway before the sweeper takes it. More than twice confirmSeconds, as a
   * publish may first wait so long for its turn. Default 30.
   */
  readonly leaseSeconds?: number;
  /** Between two looks of the sweeper. 0.05 to 60, default 5. */
  readonly sweepSeconds?: number;
};

/** Checked and complete. Durations in milliseconds. */
export type GatewayOptions = {
  readonly host: string;
  readonly port: number;
  readonly bodyLimitBytes: number;
  readonly confirmTimeoutMs: number;
  /** How long a replay of an idempotency key waits for the first submission's confirm. */
  readonly replayWaitMs: number;
  readonly leaseMs: number;
  readonly sweepPeriodMs: number;
};

const DEFAULTS = {
  host: "127.0.0.1",
  allowUnauthenticatedAccess: false,
  port: 8080,
  bodyLimitBytes: 1_048_576,
  confirmSeconds: 10,
  leaseSeconds: 30,
  sweepSeconds: 5,
} as const satisfies Required<GatewayUserOptions>;

/** @throws ConfigError naming every option out of range */
export function parseGatewayOptions(user: GatewayUserOptions = {}): GatewayOptions {
  const given: Required<GatewayUserOptions> = { ...DEFAULTS, ...user };
  const { host, port, bodyLimitBytes, confirmSeconds, leaseSeconds, sweepSeconds } = given;
  const problems: string[] = [];
  const expect = (fits: boolean, problem: string): void => {
    if (!fits) problems.push(problem);
  };
  expect(
    isLoopback(host) || given.allowUnauthenticatedAccess,
    `host: ${host} is not loopback and there is no authentication; allow unauthenticated access to use it`,
  );
  expect(isWhole(port, 0, 65_535), `port: expected 0 to 65535, got ${port}`);
  expect(
    isWhole(bodyLimitBytes, 1_024, 67_108_864),
    `bodyLimitBytes: expected 1024 to 67108864, got ${bodyLimitBytes}`,
  );
  expect(isWithin(confirmSeconds, 0.1, 60), `confirmSeconds: expected 0.1 to 60, got ${confirmSeconds}`);
  expect(
    leaseSeconds > 2 * confirmSeconds && leaseSeconds <= 3_600,
    `leaseSeconds: expected more than twice confirmSeconds and at most 3600, got ${leaseSeconds}`,
  );
  expect(isWithin(sweepSeconds, 0.05, 60), `sweepSeconds: expected 0.05 to 60, got ${sweepSeconds}`);
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze({
    host,
    port,
    bodyLimitBytes,
    confirmTimeoutMs: confirmSeconds * 1_000,
    replayWaitMs: confirmSeconds * 1_000,
    leaseMs: leaseSeconds * 1_000,
    sweepPeriodMs: sweepSeconds * 1_000,
  });
}

function isWhole(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && isWithin(value, min, max);
}

function isWithin(value: number, min: number, max: number): boolean {
  return value >= min && value <= max;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
