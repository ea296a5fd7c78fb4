import { expect, test } from "vitest";
import { z } from "zod";
import { defineJob } from "../../kit/src/job/define-job.ts";
import { contractsOf } from "./contracts-of.ts";

test("contracts are found among whatever else a module exports", () => {
  const first = defineJob({ type: "first", payload: z.object({}) });
  const second = defineJob({ type: "second", payload: z.object({}) });
  const handler = first.handle(() => undefined);
  const exported = {
    first,
    second,
    handler,
    default: () => 1,
    NAME: "x",
    nothing: null,
    like: { type: "like" },
  };
  expect(contractsOf(exported)).toEqual([first, second]);
});
