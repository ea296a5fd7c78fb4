import { afterAll, beforeAll, expect, test } from "vitest";
import { createControlPlane, type ControlPlane } from "../../../embedded/control-plane.ts";
import { createRunScope, type RunScope } from "../../../embedded/run-scope.ts";
import { createRabbitmq, type Rabbitmq } from "../../../embedded/rabbitmq.ts";
import type { OperatorProcess } from "../../integration/operator/operator-process.ts";
import { eventually, operatorWorld, plenty, untilReady } from "./operator-world.ts";

let scope: RunScope;
let broker: Rabbitmq;
let controlPlane: ControlPlane;
beforeAll(async () => {
  scope = await createRunScope();
  broker = await createRabbitmq(scope);
  controlPlane = await createControlPlane(scope);
  await Promise.all([broker.start(), controlPlane.start()]);
});
afterAll(() => scope.stop());

const world = () => operatorWorld(broker, { kubeconfig: controlPlane.kubeconfig });
const isLeading = ({ msg }: { readonly msg: string }) => msg === "operator leads";
const timeOf = (line: { readonly [name: string]: unknown }) => Number(line["time"]);
/** Every change is one that an operator decided, and each goes on from where the last one ended. */
const isChain = (changes: OperatorProcess["changes"]) =>
  changes.every(({ from }, index) => index === 0 || from === changes[index - 1]?.to);

test("killed and started again in the middle of a burst, it goes on from its status: no count changes but by decisions", async () => {
  const here = await world();
  await here.autoscale("images");
  const first = here.operator("--no-leader-election");
  await untilReady(here);
  await here.publish("jobs", 20);
  await first.line(({ msg }) => msg === "scaled workers");
  await eventually(async () => (await here.status("images")).history?.length).toBeGreaterThan(0);
  await first.end("SIGKILL");
  const left = await here.replicas();
  const before = (await here.status("images")).history ?? [];
  const second = here.operator("--no-leader-election");
  await second.line(({ msg }) => msg === "operator ready");
  await here.publish("jobs", plenty);
  await eventually(() => here.replicas()).toBe(10);
  expect(isChain(first.changes)).toBe(true);
  expect(isChain([{ from: left, to: left }, ...second.changes])).toBe(true);
  const { history = [] } = await here.status("images");
  expect(history.slice(0, before.length)).toEqual(before);
});

test("a leader that is killed is followed once its lease has run out; one that is stopped gives it back", async () => {
  const here = await world();
  await here.autoscale("images");
  const first = here.operator();
  await first.line(isLeading);
  const second = here.operator();
  await second.line(({ msg }) => msg === "operator ready");
  const url = await second.url();
  const metrics = async () => (await fetch(`${url}/metrics`)).text();
  expect(await metrics()).not.toContain('autoscaler="images"');
  const ready = await fetch(`${url}/readyz`);
  expect(ready.status).toBe(200);
  await here.publish("jobs", 1);
  await first.line(({ msg }) => msg === "scaled workers");
  expect(second.changes).toEqual([]);
  const killedMs = Date.now();
  await first.end("SIGKILL");
  await here.publish("jobs", plenty);
  const patched = timeOf(await second.line(({ msg }) => msg === "scaled workers"));
  // Where nothing else runs it is 15 s, half a second of which is left to act in.
  expect(patched - killedMs).toBeLessThanOrEqual(30_000);
  await eventually(() => here.replicas()).toBe(10);
  expect(isChain([...first.changes, ...second.changes])).toBe(true);
  expect(await metrics()).toContain('autoscaler="images"');
  const third = here.operator();
  await third.line(({ msg }) => msg === "operator ready");
  const stoppedMs = Date.now();
  await second.end("SIGTERM");
  const handedOver = timeOf(await third.line(isLeading));
  // Not given back, it would be taken 14.5 s after a renewal that was up to 2 s old.
  expect(handedOver - stoppedMs).toBeLessThan(12_000);
});

test("while the API server is away nothing changes and a leader stops leading; back again, it goes on", {
  timeout: 240_000,
}, async () => {
  const here = await world();
  await here.autoscale("images");
  const operator = here.operator();
  await untilReady(here);
  await here.publish("jobs", plenty);
  await eventually(async () => operator.changes.at(-1)?.to).toBe(10);
  const connections = async () => {
    const text = await (await fetch(`${await operator.url()}/metrics`)).text();
    return Number(/^millrace_api_connections (\d+)/m.exec(text)?.[1]);
  };
  const before = await connections();
  await controlPlane.killApiServer();
  const away = operator.lines.length;
  await here.purge("jobs");
  await operator.line(({ msg }) => msg === "no longer leading", away);
  expect(operator.changes.at(-1)?.to).toBe(10);
  await controlPlane.startApiServer();
  await operator.line(isLeading, away);
  await eventually(() => here.replicas(), 60_000).toBe(0);
  expect(isChain(operator.changes)).toBe(true);
  // One for each watch, and those that requests share.
  await eventually(connections, 60_000).toBeLessThanOrEqual(before + 2);
});
