import { describe, expect, test } from "vitest";
import { convertDocuments } from "./convert.ts";
import type { Choices } from "./convert-scaled-object.ts";

type Spec = Record<string, unknown>;
const length = (more: Record<string, string> = {}) => ({
  type: "rabbitmq",
  metadata: { queueName: "orders", mode: "QueueLength", value: "20", hostFromEnv: "RABBIT", ...more },
});
const scaledObject = (spec: Spec = {}, metadata: object = {}) => ({
  apiVersion: "keda.sh/v1alpha1",
  kind: "ScaledObject",
  metadata: { name: "orders", namespace: "shop", ...metadata },
  spec: { scaleTargetRef: { name: "order-worker" }, maxReplicaCount: 40, triggers: [length()], ...spec },
});
const choices: Choices = { broker: "default", mode: "DryRun" };

function convertOne(spec: Spec = {}, more: { metadata?: object; choices?: Partial<Choices> } = {}) {
  const { converted, refused } = convertDocuments([scaledObject(spec, more.metadata)], {
    ...choices,
    ...more.choices,
  });
  const resource = converted[0]?.resource as { metadata: object; spec: Spec } | undefined;
  return {
    spec: resource?.spec ?? {},
    metadata: resource?.metadata ?? {},
    notes: converted[0]?.notes ?? [],
    because: refused[0]?.because.join(" ") ?? "",
  };
}
const said = (kind: string, field: string, message: string) =>
  expect.arrayContaining([{ kind, field, message: expect.stringContaining(message) }]);

test("a ScaledObject of a few lines becomes a WorkerAutoscaler of a few lines that changes nothing yet", () => {
  const { converted, refused } = convertDocuments([scaledObject()], choices);
  expect(refused).toEqual([]);
  expect(converted.map(({ source, resource }) => ({ source, resource }))).toEqual([
    {
      source: "ScaledObject shop/orders",
      resource: {
        apiVersion: "millrace.dev/v1alpha1",
        kind: "WorkerAutoscaler",
        metadata: { name: "orders", namespace: "shop" },
        spec: {
          mode: "DryRun",
          scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "order-worker" },
          broker: "default",
          queues: [{ name: "orders", vhost: "/" }],
          objective: { waitSeconds: 30 },
          replicas: { min: 0, max: 40 },
        },
      },
    },
  ]);
});

test("KEDA's default maximum is taken over, and told", () => {
  const { spec, notes } = convertOne({ maxReplicaCount: undefined });
  expect(spec["replicas"]).toEqual({ min: 0, max: 100 });
  expect(notes).toEqual(said("chosen", "replicas.max", "100"));
});

describe("the promised wait", () => {
  const waitOf = (trigger: object, more: Partial<Choices> = {}) => {
    const { spec, notes } = convertOne({ triggers: [trigger] }, { choices: more });
    return { wait: (spec["objective"] as { waitSeconds: number }).waitSeconds, notes };
  };

  test("cannot be told by a queue length alone, and says so", () => {
    const { wait, notes } = waitOf(length());
    expect(wait).toBe(30);
    expect(notes).toEqual(said("chosen", "objective.waitSeconds", "QueueLength 20 says how many messages"));
  });

  test("is the queue length x the run time of a job / the slots", () => {
    const { wait, notes } = waitOf(length(), { serviceSeconds: 0.5, slotsPerReplica: 4 });
    expect(wait).toBe(2.5);
    expect(notes).toEqual(said("derived", "spec.triggers[0].metadata.value", "20 messages"));
    expect(notes.filter(({ kind }) => kind === "chosen").map(({ field }) => field)).toEqual([
      "spec.triggers[0].metadata",
    ]);
  });

  test("is the older queueLength too, and 20 where nothing is said", () => {
    const old = { type: "rabbitmq", metadata: { queueName: "a", host: "amqp://h/", queueLength: "8" } };
    const bare = { type: "rabbitmq", metadata: { queueName: "a", host: "amqp://h/" } };
    expect(waitOf(old, { serviceSeconds: 2 }).wait).toBe(16);
    expect(waitOf(bare, { serviceSeconds: 2 }).wait).toBe(40);
  });

  test("is what ExpectedQueueConsumptionTime says, in seconds", () => {
    const trigger = length({ mode: "ExpectedQueueConsumptionTime", value: "7.5" });
    expect(waitOf({ ...trigger, metricType: "Value" }).wait).toBe(7.5);
    expect(waitOf(trigger).notes).toEqual(
      said("derived", "spec.triggers[0].metadata.value", "for each replica"),
    );
  });

  test.each([
    ["MessageRate", "messages per second"],
    ["DeliverGetRate", "deliveries per second"],
    ["PublishedToDeliveredRatio", "ratio of rates"],
    ["SomethingNewer", "says nothing of a wait"],
  ])("is not told by %s", (mode, meaning) => {
    const { wait, notes } = waitOf(length({ mode, value: "5" }), { serviceSeconds: 1 });
    expect(wait).toBe(30);
    expect(notes).toEqual(said("chosen", "objective.waitSeconds", meaning));
  });

  test("is not told by a Value, a value of 0 or one that is no number", () => {
    for (const trigger of [
      { ...length(), metricType: "Value" },
      length({ value: "0" }),
      length({ value: "many" }),
      length({ mode: "ExpectedQueueConsumptionTime", value: "0" }),
    ])
      expect(waitOf(trigger, { serviceSeconds: 1 }).wait).toBe(30);
  });

  test("is what a person asks for, whatever the triggers say", () => {
    const { wait, notes } = waitOf(length({ mode: "ExpectedQueueConsumptionTime" }), { waitSeconds: 5 });
    expect(wait).toBe(5);
    expect(notes.map(({ message }) => message).join()).not.toContain("waitSeconds");
  });
});

describe("queues", () => {
  test("with several triggers stand once, with the wait that one of them tells", () => {
    const { spec, notes } = convertOne({
      triggers: [
        length({ mode: "MessageRate" }),
        length({ mode: "ExpectedQueueConsumptionTime", value: "9" }),
      ],
    });
    expect(spec["queues"]).toEqual([{ name: "orders", vhost: "/" }]);
    expect(spec["objective"]).toEqual({ waitSeconds: 9 });
    expect(notes.some(({ field }) => field === "objective.waitSeconds")).toBe(false);
  });

  test("with different waits share the longest promise, and keep the shorter one each", () => {
    const { spec } = convertOne({
      triggers: [
        length({ queueName: "a", mode: "ExpectedQueueConsumptionTime", value: "9" }),
        length({ queueName: "b", mode: "ExpectedQueueConsumptionTime", value: "4" }),
        length({ queueName: "b", mode: "ExpectedQueueConsumptionTime", value: "5" }),
      ],
    });
    expect(spec["queues"]).toEqual([
      { name: "a", vhost: "/" },
      { name: "b", vhost: "/", waitSeconds: 4 },
    ]);
    expect(spec["objective"]).toEqual({ waitSeconds: 9 });
  });

  test.each([
    [{ vhostName: "shop", host: "amqp://h/other" }, "shop"],
    [{ host: "amqp://u:p@h:5672/shop" }, "shop"],
    [{ host: "http://u:p@h:15672/path/a%2Fb" }, "a/b"],
    [{ host: "http://h:15672/100%" }, "100%"],
    [{ host: "amqp://h:5672/" }, "/"],
    [{ host: "amqp://h:5672" }, "/"],
    [{ hostFromEnv: "RABBIT" }, "/"],
  ])("of %j are in vhost %s", (metadata, vhost) => {
    const trigger = { type: "rabbitmq", metadata: { queueName: "orders", ...metadata } };
    expect(convertOne({ triggers: [trigger] }).spec["queues"]).toEqual([{ name: "orders", vhost }]);
  });

  test("whose vhost is not seen say so", () => {
    expect(convertOne().notes).toEqual(said("chosen", "spec.triggers[0].metadata", 'vhost "/"'));
  });

  test.each([
    ["^hell.{1}$", ["^hell.{1}$"], false],
    ["orders-.*", ["^orders-.*"], true],
    ["^(mail|sms)-[0-9]+$", ["^mail-[0-9]+$", "^sms-[0-9]+$"], false],
    ["(?:a|b)", ["^a", "^b"], true],
    ["^a|^b[|]c\\|d", ["^a", "^b[|]c\\|d"], false],
    ["^a(b|c)", ["^a(b|c)"], false],
  ])("by the expression %s become the patterns %j", (queueName, patterns, isNarrower) => {
    const { spec, notes } = convertOne({ triggers: [length({ queueName, useRegex: "true" })] });
    expect(spec["queues"]).toEqual(patterns.map((pattern) => ({ pattern, vhost: "/" })));
    expect(notes.some(({ kind, field }) => kind === "changed" && field.endsWith("queueName"))).toBe(
      isNarrower,
    );
  });

  test.each([".*", "(a|b)*c", ".*-orders", "a||b", "orders("])(
    "by the expression %s, which may match anything or nothing, are refused",
    (queueName) => {
      const { because } = convertOne({ triggers: [length({ queueName, useRegex: "true" })] });
      expect(because).toContain("spec.triggers[0].metadata.queueName");
    },
  );

  test("by an expression add up, whatever the operation", () => {
    const { notes } = convertOne({
      triggers: [length({ queueName: "^a", useRegex: "true", operation: "max" })],
    });
    expect(notes).toEqual(said("no-equal", "spec.triggers[0].metadata.operation", "max"));
  });

  test("without a name are refused", () => {
    expect(convertOne({ triggers: [length({ queueName: "" })] }).because).toBe(
      "spec.triggers[0].metadata.queueName: required",
    );
  });
});

test("a rate is how long a job runs, once it is known how many run at a time", () => {
  const trigger = length({ mode: "MessageRate", value: "20" });
  expect(convertOne({ triggers: [trigger] }).spec).not.toHaveProperty("expectedServiceSeconds");
  const { spec } = convertOne({ triggers: [trigger] }, { choices: { slotsPerReplica: 10 } });
  expect(spec).toMatchObject({ slotsPerReplica: 10, expectedServiceSeconds: 0.5 });
});

test("bounds, the hold, the time to zero and the steps come along", () => {
  const { spec, notes } = convertOne({
    minReplicaCount: 0,
    cooldownPeriod: 60,
    advanced: {
      horizontalPodAutoscalerConfig: {
        behavior: {
          scaleDown: {
            stabilizationWindowSeconds: 120,
            policies: [{ type: "Pods", value: 2, periodSeconds: 15 }],
          },
          scaleUp: {
            selectPolicy: "Min",
            policies: [
              { type: "Pods", value: 5, periodSeconds: 15 },
              { type: "Percent", value: 100, periodSeconds: 15 },
            ],
          },
        },
      },
    },
  });
  expect(spec).toMatchObject({
    scaleIn: { holdSeconds: 120, toZeroAfterSeconds: 60, maxStep: 2 },
    scaleOut: { maxStep: 5 },
  });
  const behavior = "spec.advanced.horizontalPodAutoscalerConfig.behavior";
  expect(notes).toEqual(said("changed", `${behavior}.scaleDown.policies`, "bounds one decision"));
  expect(notes).toEqual(said("no-equal", `${behavior}.scaleUp.policies`, "not by a share"));
});

test("an idle count becomes the minimum, and the jump to the old minimum is told", () => {
  const { spec, notes } = convertOne({ idleReplicaCount: 0, minReplicaCount: 2 });
  expect(spec["replicas"]).toEqual({ min: 0, max: 40 });
  expect(notes).toEqual(said("changed", "spec.idleReplicaCount", "minReplicaCount 2 is left out"));
});

test.each([
  [undefined, { behavior: "Static", replicas: 6 }],
  ["static", { behavior: "Static", replicas: 6 }],
  ["currentReplicas", { behavior: "Hold" }],
  ["currentReplicasIfHigher", { behavior: "AtLeast", replicas: 6 }],
  ["currentReplicasIfLower", { behavior: "AtMost", replicas: 6 }],
])("the fallback %s", (behavior, expected) => {
  const fallback = { failureThreshold: 3, replicas: 6, ...(behavior !== undefined && { behavior }) };
  expect(convertOne({ fallback, pollingInterval: 10 }).spec["fallback"]).toEqual({
    afterSeconds: 30,
    ...expected,
  });
  expect(convertOne({ fallback }).spec["fallback"]).toMatchObject({ afterSeconds: 90 });
});

test("a fallback of a formula has no equal", () => {
  const { spec, notes } = convertOne({
    fallback: { failureThreshold: 3, replicas: 6, behavior: "scalingModifiers" },
  });
  expect(spec).not.toHaveProperty("fallback");
  expect(notes).toEqual(said("no-equal", "spec.fallback.behavior", "scalingModifiers"));
});

test("the four pause annotations are the same four; labels come along, KEDA's own do not", () => {
  const { metadata, notes } = convertOne(
    {},
    {
      metadata: {
        labels: { team: "a", "scaledobject.keda.sh/name": "orders" },
        annotations: {
          "autoscaling.keda.sh/paused": "true",
          "autoscaling.keda.sh/paused-replicas": "3",
          "autoscaling.keda.sh/paused-scale-in": "true",
          "autoscaling.keda.sh/paused-scale-out": "false",
          "autoscaling.keda.sh/force-activation": "true",
          "autoscaling.keda.sh/newer": "true",
          "scaledobject.keda.sh/transfer-hpa-ownership": "true",
          "example.com/owner": "me",
        },
      },
    },
  );
  expect(metadata).toEqual({
    name: "orders",
    namespace: "shop",
    labels: { team: "a" },
    annotations: {
      "millrace.dev/paused": "true",
      "millrace.dev/paused-replicas": "3",
      "millrace.dev/paused-scale-in": "true",
    },
  });
  expect(notes).toEqual(
    said("to-do", 'metadata.annotations["autoscaling.keda.sh/paused"]', "take millrace.dev/paused away"),
  );
  const unequal = notes.filter(({ kind, field }) => kind === "no-equal" && field.startsWith("metadata"));
  const fields = unequal.map(({ field }) => field);
  expect(fields).toEqual([
    'metadata.annotations["autoscaling.keda.sh/force-activation"]',
    'metadata.annotations["autoscaling.keda.sh/newer"]',
    'metadata.annotations["scaledobject.keda.sh/transfer-hpa-ownership"]',
  ]);
});

test.each([
  ["True", { "millrace.dev/paused": "true" }],
  ["yes", { "millrace.dev/paused": "true" }],
  ["", { "millrace.dev/paused": "true" }],
  ["False", undefined],
  ["0", undefined],
])("paused: %j is read as KEDA reads it", (value, annotations) => {
  const { metadata, because } = convertOne(
    {},
    { metadata: { annotations: { "autoscaling.keda.sh/paused": value } } },
  );
  expect(because).toBe("");
  expect(metadata).toEqual({ name: "orders", namespace: "shop", ...(annotations && { annotations }) });
});

test("the command that hands over names the namespace, or leaves it to be named", () => {
  const command = (namespace: string) =>
    `kubectl annotate scaledobject orders -n ${namespace} autoscaling.keda.sh/paused=true`;
  expect(convertOne().notes).toEqual(said("to-do", "mode", command("shop")));
  expect(convertOne({}, { metadata: { namespace: undefined } }).notes).toEqual(
    said("to-do", "mode", command("NAMESPACE")),
  );
});

test.each([
  ["metadata.activationValue", { triggers: [length({ activationValue: "5" })] }, "promise would be broken"],
  ["metadata.protocol", { triggers: [length({ protocol: "http" })] }, "not needed"],
  ["metadata.excludeUnacknowledged", { triggers: [length({ excludeUnacknowledged: "true" })] }, "not needed"],
  ["useCachedMetrics", { triggers: [{ ...length(), useCachedMetrics: true }] }, "not needed"],
  ["spec.cooldownPeriod", { minReplicaCount: 1, cooldownPeriod: 60 }, "no effect"],
  ["spec.pollingInterval", { pollingInterval: 5 }, "not needed"],
  ["spec.initialCooldownPeriod", { initialCooldownPeriod: 5 }, "not needed"],
  [
    "envSourceContainerName",
    { scaleTargetRef: { name: "a", envSourceContainerName: "main" } },
    "operator's configuration",
  ],
  [
    "horizontalPodAutoscalerConfig.name",
    { advanced: { horizontalPodAutoscalerConfig: { name: "x" } } },
    "no Ho",
  ],
  ["restoreToOriginalReplicaCount", { advanced: { restoreToOriginalReplicaCount: true } }, "as they are"],
  ["scalingModifiers", { advanced: { scalingModifiers: { formula: "a+b" } } }, "the formula is left out"],
  [
    "scaleUp.stabilizationWindowSeconds",
    {
      advanced: {
        horizontalPodAutoscalerConfig: { behavior: { scaleUp: { stabilizationWindowSeconds: 60 } } },
      },
    },
    "breaks the promise",
  ],
  [
    "scaleDown.tolerance",
    { advanced: { horizontalPodAutoscalerConfig: { behavior: { scaleDown: { tolerance: "0.2" } } } } },
    "no dead band",
  ],
  [
    "spec.triggers[1]",
    { triggers: [length(), { type: "cpu", metadata: { value: "60" } }] },
    "cpu is left out",
  ],
  ["spec.triggers[1]", { triggers: [length(), { type: "kafka", metadata: {} }] }, "floor.promql"],
])("%s has no equal, and the notes say why", (field, spec, message) => {
  const found = convertOne(spec).notes.find((note) => note.kind === "no-equal" && note.field.endsWith(field));
  expect(found?.message).toContain(message);
});

test("what KEDA may have added since is told to be left out", () => {
  const { notes } = convertOne({
    newer: 1,
    scaleTargetRef: { name: "a", newer: 1 },
    advanced: { scalingModifiers: { newer: 1 } },
    triggers: [{ ...length(), newer: 1 }],
  });
  const unknown = notes.filter(({ message }) => message === "not known here; left out");
  expect(unknown.map(({ field }) => field)).toEqual([
    "spec.scaleTargetRef.newer",
    "spec.triggers[0].newer",
    "spec.newer",
  ]);
});

test("an activation value of 0 needs no word", () => {
  const { notes } = convertOne({ triggers: [length({ activationValue: "0" })] });
  expect(notes.some(({ field }) => field.endsWith("activationValue"))).toBe(false);
});

test("connection settings are told to belong to the broker, and no credential comes along", () => {
  const { converted } = convertDocuments(
    [
      scaledObject({
        triggers: [
          {
            type: "rabbitmq",
            metadata: { queueName: "a", host: "amqps://user:hunter2@rabbit:5671/v", unsafeSsl: "true" },
          },
          {
            type: "prometheus",
            metadata: { query: "lag", threshold: "10", serverAddress: "http://me:hunter3@prom:9090" },
          },
        ],
      }),
    ],
    choices,
  );
  expect(converted[0]?.notes).toEqual(said("to-do", "spec.triggers[0].metadata.unsafeSsl", "broker"));
  expect(converted[0]?.notes).toEqual(said("to-do", "broker", "host rabbit"));
  expect(JSON.stringify(converted)).not.toContain("hunter");
});

describe("refused is", () => {
  test("a ScaledObject without a RabbitMQ trigger", () => {
    expect(convertOne({ triggers: [{ type: "kafka", metadata: {} }] }).because).toContain(
      "no RabbitMQ trigger",
    );
  });
  test("a ScaledObject of several brokers", () => {
    const { because } = convertOne({
      triggers: [
        length(),
        { ...length(), metadata: { queueName: "b" }, authenticationRef: { name: "other" } },
        { type: "rabbitmq", metadata: { queueName: "c" } },
      ],
    });
    expect(because).toContain(
      "several brokers (the variable RABBIT of the target; TriggerAuthentication other; no host)",
    );
  });
  test("what would not be a WorkerAutoscaler", () => {
    expect(convertOne({ minReplicaCount: 50 }).because).toContain(
      "spec.replicas.min: min 50 is above max 40",
    );
  });
  test("what is no ScaledObject", () => {
    const remedy = "add the trigger with the queue that its workers consume";
    expect(convertOne({ triggers: [] }).because).toMatch(new RegExp(`^spec.triggers: .*${remedy}$`));
    expect(convertOne({ triggers: undefined }).because).toMatch(new RegExp(`^spec.triggers: .*${remedy}$`));
    expect(convertOne({ maxReplicaCount: "ten" }).because).toContain("spec.maxReplicaCount: ");
    expect(convertOne({ triggers: [{ metadata: {} }] }).because).toContain("spec.triggers[0].type: ");
  });
  test("a ScaledJob, with what to use instead", () => {
    const job = { apiVersion: "keda.sh/v1alpha1", kind: "ScaledJob", metadata: { name: "batch" }, spec: {} };
    const { refused } = convertDocuments([job], choices);
    expect(refused).toEqual([
      { source: "ScaledJob batch", because: [expect.stringContaining("Use a Deployment of workers")] },
    ]);
  });
});

test("documents of other kinds are left aside, lists are opened, empty fields are absent ones", () => {
  const list = { apiVersion: "v1", kind: "List", items: [scaledObject({ pollingInterval: null }), null] };
  const { converted, refused } = convertDocuments(
    [{ apiVersion: "v1", kind: "Secret", metadata: { name: "x" } }, "text", list, { apiVersion: 1 }],
    choices,
  );
  expect(converted.map(({ source }) => source)).toEqual(["ScaledObject shop/orders"]);
  expect(refused).toEqual([]);
  const nameless = { apiVersion: "keda.sh/v1alpha1", kind: "ScaledJob" };
  expect(convertDocuments([nameless], choices).refused[0]?.source).toBe("ScaledJob without a name");
});
