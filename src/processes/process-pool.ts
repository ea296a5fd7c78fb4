/** Workers that run as processes of this machine, all with the same command. */
export type ProcessPool = {
  readonly namespace: string;
  readonly name: string;
  /** Program and arguments, no shell. `node` means the Node that runs the operator. */
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** From SIGTERM to SIGKILL, ≥ 0. */
  readonly terminationGraceSeconds: number;
  /** Where a replica serves its metrics. Default /metrics. */
  readonly metricsPath?: string;
};
