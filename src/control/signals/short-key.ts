const LONGEST_PLAIN = 16;
const FNV_PRIME = 0x01000193;

const fnv1a = (text: string, seed: number): number => {
  let hash = seed;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash >>> 0;
};

/**
 * A name of at most 16 characters for an identifier of any length, so that the state is bounded: short ones stay as
 * they are, longer ones become two FNV-1a hashes with different starts (64 bits together).
 */
export const shortKey = (text: string): string =>
  text.length <= LONGEST_PLAIN
    ? text
    : `#${fnv1a(text, 0x811c9dc5).toString(36)}${fnv1a(text, 0x9747b28c).toString(36)}`;
