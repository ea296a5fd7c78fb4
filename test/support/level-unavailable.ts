import { expect, inject, test } from "vitest";

declare module "vitest" {
  export interface ProvidedContext {
    /** Why this machine cannot have the cluster that a project's tests need. */
    unavailable: string;
  }
}

// Stands in for all tests of a project (vitest.config.ts). CI accepts no skipped test, so there it fails.
const reason = inject("unavailable");
if (process.env["CI"] === "true")
  test("the machine can have the cluster that these tests need", () => expect.fail(reason));
else test.skip(`skipped: ${reason.replaceAll(/\s*\n\s*/g, " ")}`, () => {});
