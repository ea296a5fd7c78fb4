import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { createClusterImages } from "../../../embedded/cluster/cluster-images.ts";
import { clusterFolders } from "../../../embedded/cluster/folders.ts";
import { buildPrograms } from "../../../embedded/cluster/go-build.ts";
import { createRabbitmq, type Rabbitmq } from "../../../embedded/rabbitmq.ts";
import { createRunScope, findFreePort, type RunScope } from "../../../embedded/run-scope.ts";
import { providedByAnother } from "../../support/provided-once.ts";
import { installChart, type InstalledOperator } from "./install-operator.ts";
import { type SpareBroker, spareBrokerNames, type Stage } from "./stage-facts.ts";

/** Where everything that pods talk to listens: at the bridge. */
const reachableScope = (scope: RunScope, address: string): RunScope => ({ ...scope, address });

const spareBrokersToBe = (): Promise<readonly SpareBroker[]> =>
  Promise.all(
    spareBrokerNames.map(async (name) => ({
      name,
      amqpPort: await findFreePort(),
      managementPort: await findFreePort(),
    })),
  );

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const checkout = fileURLToPath(new URL("../../..", import.meta.url));
const image = "localhost/millrace:proof";

/** The chart with an image of this checkout. */
const startOperator = async (stage: Stage, scope: RunScope): Promise<InstalledOperator> => {
  const folders = clusterFolders(process.env);
  const options = { env: process.env, say };
  await createClusterImages(folders, options).buildImage(image, {
    directory: checkout,
    buildArguments: { BASE_IMAGE: "node:24-slim" },
  });
  const { helm } = await buildPrograms(folders.programs, ["helm"], options);
  return installChart(stage, scope, { helm, image });
};

const loginOf = (broker: Rabbitmq) => {
  const { username, password } = new URL(broker.managementUrl());
  return { username, password };
};

/** RabbitMQ and the operator, once for all proofs; each proof has a namespace and a vhost of its own. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  if (providedByAnother(project, ["stage", "broker"])) return async () => {};
  const { kubeconfig, hostAddress: host, kubectl } = project.getProvidedContext().cluster;
  if (host === undefined) throw new Error(`the cluster of ${kubeconfig} has no nodes`);
  const scope = await createRunScope();
  try {
    const broker = await createRabbitmq(reachableScope(scope, host));
    const spareBrokers = await spareBrokersToBe();
    await broker.start();
    const stage: Stage = {
      kubeconfig,
      kubectl,
      host,
      amqpPort: broker.amqpPort(),
      managementPort: Number(new URL(broker.managementUrl()).port),
      login: loginOf(broker),
      spareBrokers,
      prometheusPort: await findFreePort(),
    };
    const operator = await startOperator(stage, scope);
    project.provide("broker", { managementUrl: broker.managementUrl(), host, amqpPort: stage.amqpPort });
    project.provide("stage", { ...stage, ...operator.facts });
    return async () => {
      await operator.uninstall();
      await scope.stop();
    };
  } catch (error) {
    await scope.stop();
    throw error;
  }
};
