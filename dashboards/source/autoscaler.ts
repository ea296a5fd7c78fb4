import { alertAnnotation, firingAutoscalerAlerts, scaleAnnotation } from "./annotations.ts";
import { arrivalRow } from "./arrival-panels.ts";
import { backlogRow } from "./backlog-panels.ts";
import { dashboardJson } from "./dashboard.ts";
import { decisionRow } from "./decision-panels.ts";
import { durationRow } from "./duration-panels.ts";
import { EVERY_AUTOSCALER, OF_AUTOSCALERS, OF_QUEUES } from "./query.ts";
import { answers } from "./questions.ts";
import { datasourceVariable, labelVariable } from "./variables.ts";
import { workerRow } from "./worker-panels.ts";

const NAMESPACE = "namespace=~`${namespace:regex}`";

/** One autoscaler with all its queues. The alerts lead here, with the variables namespace, autoscaler and queue. */
export const autoscalerDashboard = (): string =>
  dashboardJson({
    uid: "millrace-autoscaler",
    title: "Millrace / Autoscaler",
    description:
      "One WorkerAutoscaler: whether its promise is kept, what its queues and workers do, and why it scales.",
    variables: [
      datasourceVariable(),
      labelVariable("namespace", {
        label: "Namespace",
        of: EVERY_AUTOSCALER,
        several: false,
      }),
      labelVariable("autoscaler", {
        label: "Autoscaler",
        of: `${EVERY_AUTOSCALER}{${NAMESPACE}}`,
        several: false,
      }),
      labelVariable("queue", {
        label: "Queue",
        of: `queue:millrace_autoscaler_queue_info:max{${OF_AUTOSCALERS}}`,
        several: true,
      }),
    ],
    annotations: [alertAnnotation(firingAutoscalerAlerts), scaleAnnotation()],
    top: answers(OF_QUEUES),
    rows: [backlogRow(), arrivalRow(), durationRow(), workerRow(), decisionRow()],
  });
