import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { Rabbitmq } from "../../../embedded/rabbitmq.ts";
import { runMillrace } from "../../integration/operator/operator-process.ts";
import {
  eventually,
  type OperatorWorld,
  operatorWorld,
  startBroker,
  untilCondition,
  untilReady,
} from "./operator-world.ts";

let broker: Rabbitmq;
let stopBroker: () => Promise<void>;
beforeAll(async () => {
  ({ broker, stop: stopBroker } = await startBroker());
});
afterAll(() => stopBroker());

/** A server that answers 401 to everybody, and an address where nothing listens any more once it is closed. */
async function refusingServer() {
  const server = createServer((_request, response) => response.writeHead(401).end());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}` };
}

const messageOf = async (world: OperatorWorld, type: string): Promise<string> => {
  const { conditions = [] } = await world.status("images");
  return conditions.find((condition) => condition.type === type)?.message ?? "";
};

test.each([
  [
    "a wrong Prometheus URL",
    { isClosed: true },
    /Prometheus at \S+ cannot be reached: nothing listens there/,
  ],
  [
    "a Prometheus that refuses",
    { isClosed: false },
    /Prometheus at \S+ refused .*401.*correct the credentials/,
  ],
])("%s: jobs are worked on, and status and explain say what to mend", async (_title, { isClosed }, cause) => {
  const world = await operatorWorld(broker);
  await world.autoscale("images");
  const { server, url } = await refusingServer();
  if (isClosed) await new Promise((resolve) => server.close(resolve));
  world.operator("--prometheus-url", url);
  await untilReady(world);
  await world.publish("jobs", 20);
  await eventually(() => world.replicas()).toBeGreaterThan(0);
  await untilCondition(world, "ObjectiveMet", "Unknown NotMeasured");
  await eventually(() => messageOf(world, "ObjectiveMet")).toMatch(cause);
  const { kubeconfig, namespace } = world;
  const told = await runMillrace(["explain", "--kubeconfig", kubeconfig, "-n", namespace, "images"]);
  expect(told.stdout).toMatch(cause);
});

test("a broker that refuses the user and password: nothing is changed, and the status says so", async () => {
  const world = await operatorWorld(broker);
  await world.autoscale("images");
  const refused = (address: string) => address.replace(/\/\/[^@]*@/, "//nobody:wrong@");
  world.operator(
    "--amqp-url",
    refused(broker.amqpUrl()),
    "--management-url",
    refused(broker.managementUrl()),
  );
  await eventually(() => world.condition("images", "SignalsFresh")).toBe("False QueueUnknown");
  await eventually(() => messageOf(world, "Ready")).toMatch(/refused user nobody/);
  expect(await world.replicas()).toBe(0);
});
