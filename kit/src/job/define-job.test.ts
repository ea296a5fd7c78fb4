import { expect, test } from "vitest";
import { z } from "zod";
import { DEFAULT_ATTEMPTS, defineJob } from "./define-job.ts";

const resize = defineJob({
  type: "image.resize",
  payload: z.object({ width: z.coerce.number().min(1), name: z.string() }),
});
const context = {
  job: { id: "id", type: "image.resize", run: 1, attempt: 1 },
  signal: new AbortController().signal,
};

test("a contract has five attempts and no time limit unless it says otherwise", () => {
  expect(DEFAULT_ATTEMPTS).toBe(5);
  expect(resize).toMatchObject({
    type: "image.resize",
    attempts: 5,
    timeoutSeconds: undefined,
    result: undefined,
  });
});

test("a handler gets the payload as the schema gives it out", async () => {
  const handler = resize.handle(({ width }) => width * 2);
  const prepared = handler.prepare({ width: "7", name: "a" });
  expect(prepared.kind === "function" && (await prepared.run(context))).toBe(14);
});

test("a payload that does not fit names each field", () => {
  const handler = resize.handle({ concurrency: 3 }, () => {});
  expect(handler.concurrency).toBe(3);
  const prepared = handler.prepare({ width: 0 });
  expect(prepared).toMatchObject({ kind: "invalid", error: { code: "payload-invalid" } });
  const message = prepared.kind === "invalid" ? prepared.error.message : "";
  expect(message).toContain("width: ");
  expect(message).toContain("name: ");
});

test("a payload that is wrong as a whole is named without a field", () => {
  const prepared = resize.handle(() => {}).prepare("text");
  expect(prepared).toMatchObject({ kind: "invalid", error: { message: expect.not.stringMatching(/^:/) } });
});

test("a sandboxed handler names its module", () => {
  const module = new URL("file:///work/resize.ts");
  expect(resize.handle({ sandbox: module }).prepare({ width: 1, name: "a" })).toEqual({
    kind: "sandbox",
    module,
    payload: { width: 1, name: "a" },
  });
});

test.each([
  [{ type: "" }, /type: expected 1 to 100/],
  [{ type: "a b" }, /type: expected 1 to 100/],
  [{ attempts: 0 }, /attempts of t: expected a whole number from 1, got 0/],
  [{ attempts: 1.5 }, /attempts of t/],
  [{ timeoutSeconds: 0 }, /timeoutSeconds of t: expected more than 0/],
  [{ timeoutSeconds: Number.NaN }, /timeoutSeconds of t/],
  [{ timeoutSeconds: 90_000 }, /at most 86400/],
])("refuses %j", (wrong, message) => {
  expect(() => defineJob({ type: "t", payload: z.string(), ...wrong })).toThrow(message);
});

test("refuses a handler without a slot, or with nothing to run", () => {
  expect(() => resize.handle({ concurrency: 0 }, () => {})).toThrow(/concurrency of image.resize/);
  const untyped = (): unknown => Reflect.apply(Reflect.get(resize, "handle"), undefined, [{}]); // as from plain JavaScript
  expect(untyped).toThrow(/expected a function or a sandbox module/);
});
