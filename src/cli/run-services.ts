import type { Service } from "../../kit/src/service.ts";

/** Starts the services in their order, waits, and stops them in the reverse order; also those before one that could not start. */
export async function runServices(
  services: readonly Service[],
  { until }: { readonly until: Promise<unknown> },
): Promise<void> {
  const started: Service[] = [];
  const errors: unknown[] = [];
  try {
    for (const service of services) {
      await service.start();
      started.push(service);
    }
    await until;
  } catch (cause) {
    errors.push(cause);
  }
  for (const service of started.toReversed()) {
    await service.stop().catch((cause: unknown) => errors.push(cause));
  }
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, "could not run and stop cleanly");
}
