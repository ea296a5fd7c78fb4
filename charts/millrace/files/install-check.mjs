// What `helm test` runs in a pod: is the operator ready, does it count, and would the API server take a WorkerAutoscaler?
import { readFileSync } from "node:fs";

const { OPERATOR_URL, NAMESPACE, KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT } = process.env;
const deadlineMs = Date.now() + 60_000;
const apiServer = `https://${KUBERNETES_SERVICE_HOST.includes(":") ? `[${KUBERNETES_SERVICE_HOST}]` : KUBERNETES_SERVICE_HOST}:${KUBERNETES_SERVICE_PORT}`;

const autoscaler = {
  apiVersion: "millrace.dev/v1alpha1",
  kind: "WorkerAutoscaler",
  metadata: { name: "helm-test", namespace: NAMESPACE },
  spec: {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "helm-test" },
    queues: [{ name: "helm-test" }],
    objective: { waitSeconds: 15 },
    replicas: { min: 0, max: 1 },
  },
};

const checks = {
  "the operator is ready": async () => {
    const answer = await fetch(`${OPERATOR_URL}/readyz`, { signal: AbortSignal.timeout(5_000) });
    if (!answer.ok) throw new Error(`/readyz answers ${answer.status}: ${await answer.text()}`);
  },
  "it has metrics": async () => {
    const answer = await fetch(`${OPERATOR_URL}/metrics`, { signal: AbortSignal.timeout(5_000) });
    const text = await answer.text();
    if (!/^millrace_/m.test(text))
      throw new Error(`/metrics answers ${answer.status} without a series of Millrace`);
  },
  "the API server takes a WorkerAutoscaler (dry run)": async () => {
    const token = readFileSync("/var/run/secrets/kubernetes.io/serviceaccount/token", "utf8");
    const answer = await fetch(
      `${apiServer}/apis/millrace.dev/v1alpha1/namespaces/${NAMESPACE}/workerautoscalers?dryRun=All&fieldValidation=Strict`,
      {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(autoscaler),
        signal: AbortSignal.timeout(5_000),
      },
    );
    if (answer.status !== 201)
      throw new Error(`the API server answers ${answer.status}: ${await answer.text()}`);
  },
};

for (const [sentence, check] of Object.entries(checks)) {
  for (;;) {
    try {
      await check();
      console.log(`ok      ${sentence}`);
      break;
    } catch (error) {
      if (Date.now() > deadlineMs) {
        console.log(`FAILED  ${sentence}: ${error.message}${error.cause ? ` (${error.cause.message})` : ""}`);
        process.exit(1);
      }
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}
