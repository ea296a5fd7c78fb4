import { workerName } from "./foreign-workers.ts";
import { stage } from "./stage-facts.ts";

const metricsPort = 9091;

export type OwnWorkerOptions = {
  readonly amqpUrl: string;
  readonly replicas: number;
  /** Of the metrics; as in `spec.broker`. Default spare-metrics. */
  readonly broker?: string;
};

/** A Deployment of this project's worker for `sleep` jobs, one at a time, scraped by Prometheus. */
export const ownWorkers = ({ amqpUrl, replicas, broker = "spare-metrics" }: OwnWorkerOptions) => {
  const labels = { app: workerName };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: workerName },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: {
          labels,
          annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": String(metricsPort) },
        },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 30,
          containers: [
            {
              name: "worker",
              image: stage().image,
              imagePullPolicy: "IfNotPresent",
              args: ["worker", "--builtin", "sleep", "--concurrency", "1", "--broker", broker],
              env: [{ name: "AMQP_URL", value: amqpUrl }],
              readinessProbe: { httpGet: { path: "/readyz", port: metricsPort }, periodSeconds: 1 },
            },
          ],
        },
      },
    },
  };
};
