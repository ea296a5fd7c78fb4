import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files that keep others waiting when they begin late, the longest first: on a clean checkout vitest knows no times. What
 * is not named here takes less than a minute.
 */
const longest: readonly string[] = [
  "test/cluster/long-jobs.test.ts",
  "test/cluster/prometheus.test.ts",
  "test/cluster/keda-fallback.test.ts",
  "test/cluster/keda-internals.test.ts",
  "test/cluster/hard-cases.test.ts",
  "test/cluster/long-jobs-undrained.test.ts",
  "test/cluster/outage/api-server.test.ts",
  "test/rules/alerts.test.ts",
  "test/control-plane/rbac/operator-role.test.ts",
  "test/control-plane/operator/people.test.ts",
  "test/control-plane/operator/pausing.test.ts",
  "test/control-plane/chart/chart.test.ts",
  "test/cluster/chart.test.ts",
  "test/cluster/people.test.ts",
  "test/cluster/keda-rabbitmq.test.ts",
  "test/control-plane/cluster-command.test.ts",
  "test/control-plane/operator/operator-on-kubernetes.test.ts",
  "test/control-plane/rbac/missing-right.test.ts",
  "test/control-plane/operator/survival.test.ts",
  "test/cluster/broker-restart.test.ts",
  "test/console/limits.test.ts",
  "test/system/demo-without-fast-path.test.ts",
  "test/system/chaos.test.ts",
];

const placeOf = ({ moduleId, project }: TestSpecification): number => {
  const place = longest.indexOf(relative(project.config.root, moduleId));
  return place === -1 ? longest.length : place;
};

const groupOf = ({ project }: TestSpecification): number => project.config.sequence.groupOrder;

/** Group after group; in a group the longest files first, whatever project they are of. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => groupOf(one) - groupOf(other) || placeOf(one) - placeOf(other));
  }
}
