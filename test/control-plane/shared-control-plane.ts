import type { TestProject } from "vitest/node";
import { createControlPlane } from "../../embedded/control-plane.ts";
import { createRunScope } from "../../embedded/run-scope.ts";

declare module "vitest" {
  export interface ProvidedContext {
    controlPlane: { readonly kubeconfig: string };
  }
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** One control plane for all tests of this project, or the cluster of KUBECONFIG; each file has namespaces of its own. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const existing = process.env["KUBECONFIG"];
  if (existing !== undefined) {
    say(`control-plane tests use the cluster of KUBECONFIG=${existing}`);
    project.provide("controlPlane", { kubeconfig: existing });
    return async () => {};
  }
  const scope = await createRunScope();
  try {
    const controlPlane = await createControlPlane(scope, { say });
    await controlPlane.start();
    project.provide("controlPlane", { kubeconfig: controlPlane.kubeconfig });
  } catch (error) {
    await scope.stop();
    throw error;
  }
  return () => scope.stop();
};
