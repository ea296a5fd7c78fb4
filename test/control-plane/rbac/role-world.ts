import { createFakeKubelet } from "../../support/fake-kubelet.ts";
import { smallest } from "../../chart/configurations.ts";
import { OperatorProcess } from "../../integration/operator/operator-process.ts";
import { freshNamespace } from "../fleet-harness.ts";
import { OperatorWorld } from "../operator/operator-world.ts";
import { ChartRole } from "./chart-role.ts";
import { type RbacStage, rollout } from "./rbac-stage.ts";

/** Given to an autoscaler, it makes the operator set this count at once. */
export const pausedReplicas = "millrace.dev/paused-replicas";

/** A namespace of autoscalers, in which pods are played. */
export const roleWorld = async (stage: RbacStage): Promise<OperatorWorld> => {
  const { client, controlPlane, broker } = stage;
  const namespace = await freshNamespace(client);
  const kubelet = createFakeKubelet(client, namespace);
  await kubelet.start();
  stage.onStop(() => kubelet.stop());
  const { kubeconfig } = controlPlane;
  return new OperatorWorld({ client, namespace, kubelet, kubeconfig }, broker);
};

export type RoleOperator = {
  readonly role: ChartRole;
  /** Where the chart is installed. */
  readonly release: string;
  readonly start: () => OperatorProcess;
};

/** What the chart gives an operator, in a release of its own, and the operator with it. `namespaces`: of scope namespace. */
export const roleOperator = async (
  stage: RbacStage,
  { helm, namespaces }: { readonly helm: string; readonly namespaces?: readonly string[] },
): Promise<RoleOperator> => {
  const { client, controlPlane, broker, directory } = stage;
  const release = await freshNamespace(client);
  const extraScaleTargets = [{ apiGroup: rollout.group, resource: "rollouts" }];
  const rbac = {
    extraScaleTargets,
    ...(namespaces !== undefined && { scope: "namespace", watchNamespaces: namespaces }),
  };
  const role = new ChartRole({ ...smallest, rbac }, { helm, namespace: release });
  await role.install(client);
  const kubeconfig = await role.kubeconfig(client, controlPlane.kubeconfig, directory);
  return {
    role,
    release,
    start() {
      const urls = ["--amqp-url", broker.amqpUrl(), "--management-url", broker.managementUrl()];
      const flags = ["--kubernetes", "--kubeconfig", kubeconfig, "--cycle-seconds", "0.5"];
      const operator = new OperatorProcess([...flags, ...urls, ...role.flags, "--protect-busy-pods"]);
      stage.onStop(() => operator.end("SIGKILL"));
      return operator;
    },
  };
};
