/** What the demo promises and with what: the figures of its one WorkerAutoscaler and of its load. */
export const promise = {
  waitSeconds: 5,
  attainmentRatio: 0.95,
  serviceSeconds: 0.5,
  slowServiceSeconds: 1,
  slotsPerReplica: 1,
  maxReplicas: 12,
  holdSeconds: 5,
  toZeroAfterSeconds: 5,
  scrapeSeconds: 5,
  cycleSeconds: 2,
} as const;
