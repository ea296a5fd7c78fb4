/** One decision as the operator answers it. */
export type ShownDecision = {
  readonly time: string;
  readonly kind: string;
  readonly outcome: string;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
  readonly explanation: string;
};

/** The part of `GET /v1/autoscalers` that the demo shows. */
export type ShownAutoscaler = {
  readonly status: {
    readonly replicas: { readonly desired?: number; readonly ready?: number; readonly current?: number };
    readonly estimate: { readonly arrivalsPerSecond?: number; readonly serviceSeconds?: number };
  };
  readonly signals: readonly { readonly broker?: { readonly ready: number; readonly unacked?: number } }[];
  readonly decisions: readonly ShownDecision[];
};

/** The demo's one autoscaler; undefined when the operator does not answer within two seconds. */
export const readAutoscaler = async (operatorUrl: string): Promise<ShownAutoscaler | undefined> => {
  try {
    const response = await fetch(`${operatorUrl}/v1/autoscalers/sleep`, {
      signal: AbortSignal.timeout(2_000),
    });
    return response.ok ? ((await response.json()) as ShownAutoscaler) : undefined;
  } catch {
    return undefined;
  }
};

/** Changes of the count that were made, oldest first. */
export const changesOf = (autoscaler: ShownAutoscaler | undefined): readonly ShownDecision[] =>
  (autoscaler?.decisions ?? []).filter(({ kind, outcome }) => kind === "scale" && outcome === "scaled");
