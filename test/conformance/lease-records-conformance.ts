import { describe, expect, test } from "vitest";
import type { LeaseRecord, LeaseRecords } from "../../src/kubernetes/lease-records.ts";

const signal = () => AbortSignal.timeout(10_000);
const first = { holder: "a", durationMs: 15_000, acquiredMs: 1_000, renewedMs: 1_000, transitions: 0 };
const asRecord = (record: LeaseRecord | "conflict"): LeaseRecord => {
  if (record === "conflict") throw new Error("a conflict");
  return record;
};

/** What every LeaseRecords does; `subject` gives two views of one record that does not exist yet. */
export function leaseRecordsConformance(
  name: string,
  subject: () => Promise<readonly [LeaseRecords, LeaseRecords]>,
): void {
  describe(`${name}, as LeaseRecords`, () => {
    test("there is none until one is written, and then all see it", async () => {
      const [one, other] = await subject();
      expect(await one.read(signal())).toBeUndefined();
      const written = asRecord(await one.write(first, { before: undefined, signal: signal() }));
      expect(written).toMatchObject(first);
      expect(await other.read(signal())).toEqual(written);
    });

    test("of two that create it, one wins", async () => {
      const [one, other] = await subject();
      const [a, b] = await Promise.all([
        one.write(first, { before: undefined, signal: signal() }),
        other.write({ ...first, holder: "b" }, { before: undefined, signal: signal() }),
      ]);
      expect([a, b].filter((record) => record === "conflict")).toHaveLength(1);
    });

    test("a write that builds on an old record is a conflict and changes nothing", async () => {
      const [one, other] = await subject();
      const old = asRecord(await one.write(first, { before: undefined, signal: signal() }));
      const seen = await other.read(signal());
      const renewed = asRecord(
        await one.write({ ...old, renewedMs: 3_000 }, { before: old, signal: signal() }),
      );
      expect(renewed.version).not.toBe(old.version);
      const late = await other.write({ ...first, holder: "b" }, { before: seen, signal: signal() });
      expect(late).toBe("conflict");
      expect((await other.read(signal()))?.holder).toBe("a");
    });

    test("an aborted question rejects", async () => {
      const [one] = await subject();
      await expect(one.read(AbortSignal.abort())).rejects.toThrow();
    });
  });
}
