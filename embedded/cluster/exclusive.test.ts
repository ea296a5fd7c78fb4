import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { holdExclusive, whileExclusive } from "./exclusive.ts";

const some = (who: string, more: object = {}) => ({ name: `test-${randomUUID()}`, who, ...more });

describe("whileExclusive", () => {
  test("lets one at a time in, and tells those who wait whom they wait for", async () => {
    const { name } = some("first");
    const release = await holdExclusive({ name, who: "the first" });
    const waitedFor: string[] = [];
    let isIn = false;
    const second = whileExclusive(
      { name, who: "the second", onWait: (holder) => waitedFor.push(holder) },
      async () => {
        isIn = true;
        return "done";
      },
    );
    await expect.poll(() => waitedFor).toEqual(["the first"]);
    expect(isIn).toBe(false);
    await release();
    expect(await second).toBe("done");
  });

  test("gives the turn on when the action fails", async () => {
    const options = some("anyone");
    const failing = whileExclusive(options, () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(await whileExclusive(options, async () => "next")).toBe("next");
  });

  test("stops waiting when told to", async () => {
    const { name } = some("holder");
    const release = await holdExclusive({ name, who: "holder" });
    const abort = new AbortController();
    const waiting = holdExclusive({
      name,
      who: "waiting",
      signal: abort.signal,
      onWait: () => abort.abort(new Error("enough")),
    });
    await expect(waiting).rejects.toThrow("enough");
    await release();
  });
});
