import { describe, expect, test } from "vitest";
import { gatewayCommand } from "../../src/cli/gateway.ts";
import { operatorCommand } from "../../src/cli/operator.ts";
import { workerCommand } from "../../src/cli/worker.ts";
import { chartTools } from "./chart-tools.ts";
import { configurations } from "./configurations.ts";
import { find, renderChart } from "./render-chart.ts";

const tools = await chartTools();
const commands = { operator: operatorCommand(), gateway: gatewayCommand(), worker: workerCommand() };

type Pod = {
  readonly template: {
    readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] };
  };
};

describe.skipIf("missing" in tools)("the arguments of the containers", () => {
  const helm = "missing" in tools ? "" : tools.helm4;
  const { "every component": every = {}, "one namespace": one = {} } = configurations;
  const prometheus = { url: "http://prometheus:9090" };
  const values = {
    ...every,
    ...one,
    prometheus,
    worker: { ...(every["worker"] as object), jobs: ["/a.mjs"], builtin: ["sleep"] },
    gateway: { ...(every["gateway"] as object), jobs: ["/a.mjs"], showOperator: true },
  };

  test.each(Object.entries(commands))("are ones that the program has: %s", (component, command) => {
    const deployment = find(renderChart(values, { helm }), "Deployment", `-${component}`);
    const [container] = (deployment.spec as Pod & object).template.spec.containers;
    const [subcommand, ...args] = container?.args ?? [];
    expect(subcommand).toBe(component);
    const flags = args.filter((arg) => arg.startsWith("--")).map((arg) => arg.split("=")[0]);
    expect(flags.length).toBeGreaterThan(4);
    expect(command.options.map(({ long }) => long)).toEqual(expect.arrayContaining(flags));
  });
});
