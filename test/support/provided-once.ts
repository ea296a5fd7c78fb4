import type { ProvidedContext } from "vitest";
import type { TestProject } from "vitest/node";

/** Two projects share what one global setup made: true when another project has it, and this one now has it too. */
export const providedByAnother = (
  project: TestProject,
  keys: readonly (keyof ProvidedContext)[],
): boolean => {
  const other = project.vitest.projects.find(
    (one) => one !== project && keys.every((key) => key in one.getProvidedContext()),
  );
  for (const key of other === undefined ? [] : keys)
    project.provide(key, other?.getProvidedContext()[key] as never);
  return other !== undefined;
};
