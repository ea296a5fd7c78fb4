import { expect, test } from "vitest";
import { z } from "zod";
import { defineJob } from "../../kit/src/job/define-job.ts";
import { ProblemError } from "./errors.ts";
import { validatePayload } from "./validate-payload.ts";

const contract = defineJob({
  type: "order",
  payload: z.strictObject({ items: z.array(z.object({ name: z.string() })), note: z.string().optional() }),
});

async function problemOf(payload: unknown): Promise<ProblemError> {
  try {
    await validatePayload(contract, payload);
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
  throw new Error("the payload was taken");
}

test("a payload that fits is taken", async () => {
  await validatePayload(contract, { items: [{ name: "a" }] });
});

test("the path of a wrong field inside arrays and objects is named", async () => {
  const { code, details } = await problemOf({ items: [{ name: "a" }, { name: 7 }] });
  expect(code).toBe("payload-invalid");
  expect(details.errors).toMatchObject([{ field: "items[1].name" }]);
  expect(details.detail).toMatch(/^order: items\[1\]\.name: .*string/);
});

test("a field too many is named itself", async () => {
  expect((await problemOf({ items: [], colour: 1 })).details.errors).toMatchObject([{ field: "colour" }]);
});

test("a payload that is wrong as a whole says so", async () => {
  const { details } = await problemOf(null);
  expect(details.errors).toMatchObject([{ field: "" }]);
  expect(details.detail).toContain("the payload");
});

test("many wrong fields are counted, and the answer stays small", async () => {
  const { details } = await problemOf({ items: Array.from({ length: 1_000 }, () => ({})) });
  expect(details.errors).toHaveLength(20);
  expect(details.detail).toContain("and 999 more");
});

test("asynchronous refinements are awaited", async () => {
  const slow = defineJob({
    type: "slow",
    payload: z.string().refine(async (text) => text !== "taken", "is taken"),
  });
  await validatePayload(slow, "free");
  await expect(validatePayload(slow, "taken")).rejects.toMatchObject({ code: "payload-invalid" });
});
