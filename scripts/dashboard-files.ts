import { autoscalerDashboard } from "../dashboards/source/autoscaler.ts";
import { operatorDashboard } from "../dashboards/source/operator.ts";
import { overviewDashboard } from "../dashboards/source/overview.ts";

/** The dashboards of Grafana: path from the root of the repository, and content. */
export function dashboardFiles(): Readonly<Record<string, string>> {
  return {
    "dashboards/overview.json": overviewDashboard(),
    "dashboards/autoscaler.json": autoscalerDashboard(),
    "dashboards/operator.json": operatorDashboard(),
  };
}
