import { Gauge, type Registry } from "prom-client";

/** Of both packages, which are released together; a test compares it with their manifests. */
export const RELEASE = "0.1.0";

/** Registers which version of which component runs, by the name that the operator uses for its own. */
export function registerBuildInfo(registry: Registry, component: "worker" | "gateway"): void {
  const info = new Gauge({
    name: "millrace_build_info",
    help: "1 for the version of the program that runs.",
    labelNames: ["component", "version"],
    registers: [registry],
  });
  info.set({ component, version: RELEASE }, 1);
}
