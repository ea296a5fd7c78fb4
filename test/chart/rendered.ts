import type { Manifest } from "./render-chart.ts";

/** Of an object as rendered, along a path of keys and indices. */
export const at = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key], value);

export const containerOf = (deployment: Manifest): Record<string, unknown> =>
  at(deployment.spec, "template", "spec", "containers", 0) as Record<string, unknown>;
export const podOf = (deployment: Manifest): Record<string, unknown> =>
  at(deployment.spec, "template", "spec") as Record<string, unknown>;
export const argsOf = (deployment: Manifest): readonly string[] =>
  containerOf(deployment)["args"] as readonly string[];

export const gateway = {
  enabled: true,
  allowUnauthenticatedAccess: true,
  amqp: { existingSecret: "rabbit-default-user" },
  database: { existingSecret: "jobs-database", key: "url" },
};
export const worker = { enabled: true, amqp: { existingSecret: "rabbit-default-user" } };
