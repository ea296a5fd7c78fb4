/** A WorkerAutoscaler that sets every field of the spec. */
export const wholeAutoscaler = (namespace: string) => ({
  apiVersion: "millrace.dev/v1alpha1",
  kind: "WorkerAutoscaler",
  metadata: { name: "images", namespace },
  spec: {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "image-worker" },
    queues: [
      { name: "jobs.image.blur", vhost: "/", waitSeconds: 5 },
      { pattern: "^jobs\\.mail\\.", vhost: "/" },
    ],
    slotSharing: "Shared",
    broker: "default",
    objective: { waitSeconds: 15, attainmentRatio: "0.95", serviceSeconds: 60, ackTimeoutSeconds: 1_800 },
    replicas: { min: 0, max: 50 },
    slotsPerReplica: 4,
    expectedServiceSeconds: 0.5,
    mode: "Active",
    schedules: [
      {
        name: "office-hours",
        timezone: "Europe/Kyiv",
        start: "0 8 * * 1-5",
        durationSeconds: 36_000,
        minReplicas: 4,
      },
    ],
    floor: { promql: "ceil(max(my_lag) / 100)" },
    fallback: { afterSeconds: 120, behavior: "AtLeast", replicas: 10 },
    scaleIn: { enabled: true, holdSeconds: 60, toZeroAfterSeconds: 120, maxStep: 10, idleOnly: true },
    scaleOut: { enabled: true, maxStep: 100 },
  } as Record<string, unknown>,
});
export type Autoscaler = ReturnType<typeof wholeAutoscaler>;
