import type { TestProject } from "vitest/node";
import { createPostgres } from "../../embedded/postgres.ts";
import { createRabbitmq } from "../../embedded/rabbitmq.ts";
import { createRunScope } from "../../embedded/run-scope.ts";

declare module "vitest" {
  export interface ProvidedContext {
    broker: { readonly managementUrl: string; readonly host: string; readonly amqpPort: number };
    databaseUrl: string;
  }
}

/** One broker and one database server for all integration tests; each test file has a vhost and a database of its own. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const scope = await createRunScope();
  try {
    const broker = await createRabbitmq(scope);
    const postgres = await createPostgres(scope);
    await Promise.all([broker.start(), postgres.start()]);
    project.provide("broker", {
      managementUrl: broker.managementUrl(),
      host: broker.host,
      amqpPort: broker.amqpPort(),
    });
    project.provide("databaseUrl", postgres.url());
  } catch (error) {
    await scope.stop();
    throw error;
  }
  return () => scope.stop();
};
