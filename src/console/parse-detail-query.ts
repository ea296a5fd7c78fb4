/** Which decisions are wanted, and whether the series is. */
export type DetailQuery = {
  readonly kind: "asked";
  readonly limit: number;
  readonly before: number | undefined;
  readonly withSeries: boolean;
};

const usualLimit = 25;
const largestLimit = 100;

/** `because` names the parameter and what it expects. */
export function parseDetailQuery(
  query: Readonly<Record<string, unknown>>,
): DetailQuery | { readonly kind: "refused"; readonly because: string } {
  const { before, limit, series } = query;
  const beforeNumber = before === undefined ? undefined : wholeNumber(before);
  const limitNumber = limit === undefined ? usualLimit : wholeNumber(limit);
  if (before !== undefined && (beforeNumber === undefined || beforeNumber < 1)) {
    return { kind: "refused", because: "before: expected the seq of a decision, 1 or more." };
  }
  if (limitNumber === undefined || limitNumber > largestLimit) {
    return { kind: "refused", because: `limit: expected 0 to ${largestLimit}.` };
  }
  if (series !== undefined && series !== "none") {
    return { kind: "refused", because: 'series: expected "none", or leave it out.' };
  }
  return { kind: "asked", limit: limitNumber, before: beforeNumber, withSeries: series === undefined };
}

/** Undefined for anything but digits, a repeated parameter included. */
const wholeNumber = (value: unknown): number | undefined =>
  typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
