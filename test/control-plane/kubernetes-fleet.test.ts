import { describe } from "vitest";
import { describeFleet } from "../conformance/fleet-conformance.ts";
import { setUpFleet } from "./fleet-harness.ts";

describe("a cluster is a Fleet", () => {
  describeFleet(async () => {
    const one = await setUpFleet();
    return {
      fleet: one.fleet,
      target: one.target,
      missing: { ...one.target, name: "nobody" },
      async until(isSo) {
        await one.until(({ fleet }) => isSo(fleet));
      },
      close: () => one.close(),
    };
  });
});
