import { afterAll, beforeAll, expect, test } from "vitest";
import { type ControlPlane, createControlPlane } from "../../embedded/control-plane.ts";
import { createRunScope, type RunScope } from "../../embedded/run-scope.ts";
import { type FleetWorld, setUpFleet } from "./fleet-harness.ts";

let scope: RunScope;
let controlPlane: ControlPlane;
let world: FleetWorld;
let passedMs = 0;

beforeAll(async () => {
  scope = await createRunScope();
  controlPlane = await createControlPlane(scope);
  await controlPlane.start();
  world = await setUpFleet({
    kubeconfig: controlPlane.kubeconfig,
    timing: { firstWaitMs: 50, longestWaitMs: 500 },
    nowMs: () => Date.now() + passedMs,
  });
});
afterAll(async () => {
  await world.fleet.stop();
  await world.kubelet.stop();
  world.client.close();
  await scope.stop();
});

const soon = () => AbortSignal.timeout(1_500);

test.each([
  ["killed", "killApiServer"],
  ["stopped", "stopApiServer"],
] as const)(
  "while the API server is %s the target becomes unknown and stays as it is; afterwards all goes on, on as many connections",
  { timeout: 300_000 },
  async (_how, end) => {
    const { fleet, target, client, scale, until, observe } = world;
    const { desired } = (await observe()).fleet;
    await scale(desired, desired + 2);
    await until(({ fleet: seen }) => seen.ready === desired + 2);
    const connections = client.openConnections();

    await controlPlane[end]();
    passedMs += 600_000;
    await expect
      .poll(() => fleet.observe(target, soon()), { timeout: 20_000 })
      .toEqual({ kind: "unknown", because: expect.stringContaining("Cannot reach the API server") });
    const change = { from: desired + 2, to: 0, explanation: "a test asks for it" };
    expect(await fleet.scaleTo(target, change, soon())).toMatchObject({ kind: "failed" });

    await controlPlane.startApiServer();
    await expect
      .poll(() => fleet.observe(target, soon()), { timeout: 30_000 })
      .toMatchObject({ kind: "observed", fleet: { desired: desired + 2, ready: desired + 2, starting: [] } });
    await scale(desired + 2, desired + 1);
    await until(({ fleet: seen }) => seen.ready === desired + 1);
    // One for each watch, and those that requests share.
    await expect
      .poll(() => client.openConnections(), { timeout: 60_000 })
      .toBeLessThanOrEqual(connections + 2);
  },
);
