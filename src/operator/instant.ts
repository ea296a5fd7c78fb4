/** A moment in a sentence, `2026-07-15T12:00:00Z`: the page shows it as a time of the place where it is read. */
export const instant = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 19)}Z`;
