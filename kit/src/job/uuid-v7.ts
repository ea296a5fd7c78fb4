/**
 * A version 7 UUID (RFC 9562): ids made later sort later, to the millisecond.
 *
 * @param unixMs milliseconds since 1970, below 2^48
 * @param random at least 10 random bytes
 */
export function uuidV7(unixMs: number, random: Uint8Array): string {
  if (random.length < 10) throw new RangeError(`expected at least 10 random bytes, got ${random.length}`);
  const time = Math.floor(unixMs).toString(16).padStart(12, "0");
  const byte = (index: number, keep: number, set: number): string =>
    (((random[index] ?? 0) & keep) | set).toString(16).padStart(2, "0");
  const plain = (from: number, to: number): string =>
    Array.from({ length: to - from }, (_, offset) => byte(from + offset, 0xff, 0)).join("");
  return `${time.slice(0, 8)}-${time.slice(8)}-${byte(0, 0x0f, 0x70)}${plain(1, 2)}-${byte(2, 0x3f, 0x80)}${plain(3, 4)}-${plain(4, 10)}`;
}
