/** Series that the operator exports at most. docs/metrics.md tells them; test/series-budget.test.ts counts. */
export const seriesBudget = {
  /** Of the operator itself, Node's own included. */
  fixed: 250,
  /** Of one autoscaler, with every reason of every scale event once. */
  perAutoscaler: 83,
  /** Of one autoscaler that changed its count for eight reasons: what is really met. */
  usualPerAutoscaler: 40,
  /** Of one queue of one autoscaler. */
  perQueue: 13,
  /** What a resource may name, its patterns included. */
  queuesPerAutoscaler: 100,
} as const;
