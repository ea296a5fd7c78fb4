import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  ERROR_CATALOGUE,
  type ErrorCode,
  problemDocument,
  ProblemError,
  retryAfterSeconds,
} from "./errors.ts";

const documented = [
  ...readFileSync("docs/errors.md", "utf8").matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm),
].map(([, code = "", status]) => [code, Number(status)] as const);

test("docs/errors.md has every code of the catalogue with its status, and no other", () => {
  const catalogue = Object.entries(ERROR_CATALOGUE).map(([code, { status }]) => [code, status]);
  expect(new Set(documented.map(([code]) => code)).size).toBe(documented.length);
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(catalogue));
});

test("each 503 and nothing else says when to come back", () => {
  for (const [code, { status }] of Object.entries(ERROR_CATALOGUE)) {
    expect(retryAfterSeconds(code as ErrorCode) !== undefined, code).toBe(status === 503);
  }
});

test("a problem document has the members of RFC 9457, the code, and the details that are known", () => {
  const problem = new ProblemError("payload-invalid", {
    detail: "seconds: wrong",
    errors: [{ field: "seconds", message: "wrong" }],
  });
  expect(problemDocument(problem)).toEqual({
    type: "urn:millrace:error:payload-invalid",
    title: "The payload does not fit the job type",
    status: 400,
    detail: "seconds: wrong",
    code: "payload-invalid",
    errors: [{ field: "seconds", message: "wrong" }],
  });
});
