import { describe } from "vitest";
import { describeFleet } from "../../test/conformance/fleet-conformance.ts";
import { ManualClock } from "../../test/fakes/manual-clock.ts";
import { MemoryFleet } from "../../test/fakes/memory-fleet.ts";

const target = {
  apiVersion: "millrace.dev/v1alpha1",
  kind: "ProcessPool",
  namespace: "default",
  name: "workers",
};

describe.each([
  ["that chooses by itself", false],
  ["that is told whom to remove", true],
])("the fleet in memory %s is a Fleet", (_how, takesVictims) => {
  describeFleet(() => {
    const clock = new ManualClock();
    const fleet = new MemoryFleet([target], { clock });
    fleet.takesVictims = takesVictims;
    return Promise.resolve({
      fleet,
      target,
      missing: { ...target, name: "nobody" },
      async until(isSo) {
        clock.advance(10);
        const observation = await fleet.observe(target);
        if (observation.kind === "unknown" || !isSo(observation.fleet))
          throw new Error(JSON.stringify(observation));
      },
      close: () => Promise.resolve(),
    });
  });
});
