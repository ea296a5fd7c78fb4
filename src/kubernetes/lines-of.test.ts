import { expect, test } from "vitest";
import { linesOf } from "./lines-of.ts";

async function* pieces(parts: readonly Buffer[]): AsyncGenerator<Buffer, void> {
  yield* parts;
}
const read = async (parts: readonly Buffer[]) => {
  let count = 0;
  const lines: string[] = [];
  for await (const line of linesOf(pieces(parts), () => (count += 1))) lines.push(line);
  return { lines, count };
};

test("a stream cut anywhere, even inside a character, gives the same lines", async () => {
  const text = '{"a":"é€😀"}\n\n{"b":1}\n';
  const bytes = Buffer.from(text);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const { lines, count } = await read([bytes.subarray(0, cut), bytes.subarray(cut)]);
    expect(lines).toEqual(['{"a":"é€😀"}', '{"b":1}']);
    expect(count).toBe(2);
  }
});

test("what the end of the stream cut off is not given", async () => {
  expect((await read([Buffer.from('{"a":1}\n{"b":')])).lines).toEqual(['{"a":1}']);
});

test("a line without an end is refused before it fills the memory", async () => {
  const endless = Array.from({ length: 18 }, () => Buffer.alloc(1024 * 1024, "x"));
  await expect(read(endless)).rejects.toThrow("more than 16777216 characters");
});
