import { expect, test } from "vitest";
import { GroupCommit, GroupCommitFullError, type GroupCommitOptions } from "./group-commit.ts";

function setup(options: Partial<GroupCommitOptions> = {}) {
  const batches: { readonly items: readonly number[]; finish(): void; fail(error: Error): void }[] = [];
  const group = new GroupCommit<number, string>(
    (items) =>
      new Promise((resolve, reject) => {
        batches.push({ items, finish: () => resolve(items.map((item) => `done ${item}`)), fail: reject });
      }),
    { maxBatchCount: 3, maxFlushCount: 1, maxPendingCount: 5, ...options },
  );
  // Two turns: a settled flush schedules the next one in the turn after.
  const turn = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
  const batch = (index: number) => {
    const found = batches[index];
    if (found === undefined) throw new Error(`no batch ${index}, there are ${batches.length}`);
    return found;
  };
  return { group, batches, batch, turn };
}

test("items of one turn share one flush and each gets its own result", async () => {
  const { group, batch, turn } = setup();
  const results = Promise.all([group.add(1), group.add(2)]);
  await turn();
  expect(batch(0).items).toEqual([1, 2]);
  batch(0).finish();
  expect(await results).toEqual(["done 1", "done 2"]);
});

test("what comes while a flush runs waits for the next one", async () => {
  const { group, batches, batch, turn } = setup();
  const first = group.add(1);
  await turn();
  const second = group.add(2);
  await turn();
  expect(batches).toHaveLength(1);
  batch(0).finish();
  await first;
  await turn();
  expect(batch(1).items).toEqual([2]);
  batch(1).finish();
  expect(await second).toBe("done 2");
});

test("a batch never holds more than its bound, and several may run at once up to theirs", async () => {
  const { group, batches, turn } = setup({ maxFlushCount: 2 });
  const results = [1, 2, 3, 4, 5].map((item) => group.add(item));
  await turn();
  expect(batches.map((batch) => batch.items)).toEqual([
    [1, 2, 3],
    [4, 5],
  ]);
  for (const batch of batches) batch.finish();
  await Promise.all(results);
});

test("one more than the pending bound is refused and the others are untouched", async () => {
  const { group, batch, turn } = setup({ maxPendingCount: 2 });
  const accepted = [group.add(1), group.add(2)];
  await expect(group.add(3)).rejects.toBeInstanceOf(GroupCommitFullError);
  await turn();
  batch(0).finish();
  expect(await Promise.all(accepted)).toEqual(["done 1", "done 2"]);
});

test("a flush that fails rejects its own items only", async () => {
  const { group, batch, turn } = setup();
  const failed = group.add(1);
  await turn();
  const later = group.add(2);
  batch(0).fail(new Error("connection lost"));
  await expect(failed).rejects.toThrow("connection lost");
  await turn();
  batch(1).finish();
  expect(await later).toBe("done 2");
});

test("idle resolves only after the last flush", async () => {
  const { group, batch, turn } = setup();
  await group.idle();
  const write = group.add(1);
  let idle = false;
  const waiting = group.idle().then(() => {
    idle = true;
  });
  await turn();
  expect(idle).toBe(false);
  batch(0).finish();
  await write;
  await waiting;
  expect(idle).toBe(true);
});
