import fc from "fast-check";
import { expect, test } from "vitest";
import { parseResource } from "../resource/parse-resource.ts";
import { convertDocuments } from "./convert.ts";

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
/** Mostly what people write, so that about as many are converted as are refused. */
const mostly = <A, B>(usual: fc.Arbitrary<A>, odd: fc.Arbitrary<B>): fc.Arbitrary<A | B> =>
  fc.oneof<fc.MaybeWeightedArbitrary<A | B>[]>(
    { arbitrary: usual, weight: 30 },
    { arbitrary: odd, weight: 1 },
  );
const count = mostly(fc.nat({ max: 100 }), fc.nat({ max: 40_000_000 }));
const number = fc.oneof(fc.nat({ max: 1_000 }).map(String), fc.double().map(String), fc.string());
const cron = fc.constantFrom("0 8 * * 1-5", "0 18 * * 1-5", "30 6 1 * *", "nonsense");

const rabbitmq = fc.record({
  type: fc.constant("rabbitmq"),
  metricType: maybe(fc.constantFrom("AverageValue", "Value")),
  authenticationRef: mostly(fc.constant({ name: "a" }), fc.constant({ name: "b" })),
  metadata: fc.record(
    {
      queueName: mostly(fc.constantFrom("orders", "^a.*", "(a|b)c", "a|b|[|]"), fc.string()),
      mode: fc.constantFrom(
        "QueueLength",
        "MessageRate",
        "DeliverGetRate",
        "PublishedToDeliveredRatio",
        "ExpectedQueueConsumptionTime",
        "Other",
      ),
      value: number,
      host: mostly(fc.constant("amqp://u:p@rabbit:5672/shop"), fc.webUrl()),
      vhostName: mostly(fc.string({ maxLength: 100 }), fc.string({ minLength: 256, maxLength: 300 })),
      useRegex: fc.constantFrom("true", "false"),
      activationValue: number,
      unsafeSsl: fc.constant("true"),
    },
    { requiredKeys: ["queueName", "host"] },
  ),
});
const other = fc.oneof(
  fc.record({
    type: fc.constant("cron"),
    name: maybe(fc.string({ maxLength: 80 })),
    metadata: fc.record({ start: cron, end: cron, desiredReplicas: number }),
  }),
  fc.record({
    type: fc.constant("prometheus"),
    metadata: fc.record({ query: fc.string(), threshold: number }),
  }),
  fc.record({ type: fc.constantFrom("cpu", "kafka"), metadata: fc.constant({}) }),
);
const rules = fc.record({
  stabilizationWindowSeconds: maybe(count),
  selectPolicy: maybe(fc.constantFrom("Max", "Min", "Disabled")),
  policies: maybe(
    fc.array(fc.record({ type: fc.constantFrom("Pods", "Percent"), value: count }), { maxLength: 3 }),
  ),
});
const scaledObject = fc.record({
  apiVersion: fc.constant("keda.sh/v1alpha1"),
  kind: fc.constant("ScaledObject"),
  metadata: fc.record({
    name: mostly(fc.constantFrom("orders", "a.b"), fc.constant("Orders")),
    namespace: maybe(fc.constant("shop")),
    annotations: fc.dictionary(
      fc.constantFrom("autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas", "x/y"),
      fc.constantFrom("true", "false", "3", "-1", ""),
    ),
  }),
  spec: fc.record({
    scaleTargetRef: fc.record({
      name: mostly(fc.constant("worker"), fc.constant("Worker")),
      kind: maybe(fc.constant("StatefulSet")),
    }),
    minReplicaCount: maybe(mostly(fc.nat({ max: 10 }), count)),
    maxReplicaCount: maybe(mostly(fc.integer({ min: 10, max: 10_000 }), count)),
    idleReplicaCount: maybe(count),
    cooldownPeriod: maybe(fc.nat()),
    pollingInterval: maybe(count),
    fallback: maybe(
      fc.record({
        failureThreshold: count,
        replicas: count,
        behavior: maybe(fc.constantFrom("static", "currentReplicas", "currentReplicasIfLower", "new")),
      }),
    ),
    advanced: maybe(
      fc.record({
        horizontalPodAutoscalerConfig: fc.record({
          behavior: fc.record({ scaleDown: maybe(rules), scaleUp: maybe(rules) }),
        }),
      }),
    ),
    triggers: fc
      .tuple(rabbitmq, fc.array(fc.oneof(rabbitmq, other), { maxLength: 3 }))
      .map(([a, b]) => [a, ...b]),
  }),
});
const choices = fc.record(
  {
    broker: fc.constant("main"),
    mode: fc.constantFrom("Active" as const, "DryRun" as const),
    serviceSeconds: fc.double({ min: 1e-6, max: 1e7, noNaN: true }),
    slotsPerReplica: fc.integer({ min: 1, max: 10_000 }),
    waitSeconds: fc.double({ min: 1e-3, max: 1e7, noNaN: true }),
  },
  { requiredKeys: ["broker", "mode"] },
);

test("every ScaledObject becomes a valid WorkerAutoscaler or is refused with a reason, the same each time", () => {
  const seen = { converted: 0, refused: 0 };
  fc.assert(
    fc.property(scaledObject, choices, (document, chosen) => {
      const conversion = convertDocuments([document], chosen);
      expect(convertDocuments([structuredClone(document)], chosen)).toEqual(conversion);
      const { converted, refused } = conversion;
      expect(converted.length + refused.length).toBe(1);
      for (const { resource } of converted) expect(parseResource(resource).kind).toBe("resource");
      for (const { because } of refused) expect(because.join("")).not.toBe("");
      seen.converted += converted.length;
      seen.refused += refused.length;
    }),
    { numRuns: 150 },
  );
  expect(seen.converted).toBeGreaterThan(25);
  expect(seen.refused).toBeGreaterThan(25);
});
