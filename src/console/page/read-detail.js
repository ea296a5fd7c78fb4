import { refusalOf, Refused } from "./refused.js";
import { detailAddress } from "./route.js";

const timeoutMs = 10_000;

/**
 * One autoscaler with a page of its decisions.
 * @param {{ readonly namespace: string, readonly name: string }} who
 * @param {{ readonly before?: number, readonly limit: number, readonly withSeries: boolean, readonly signal: AbortSignal }} options
 * @returns {Promise<import("../contract.ts").Detail>}
 * @throws {Refused}
 */
export async function readDetail(who, { before, limit, withSeries, signal }) {
  const query = new URLSearchParams({
    limit: String(limit),
    ...(before !== undefined && { before: String(before) }),
    ...(!withSeries && { series: "none" }),
  });
  const response = await fetch(`${detailAddress(who)}?${query.toString()}`, {
    cache: "no-store",
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  }).catch((/** @type {unknown} */ error) => {
    throw new Refused(0, "The operator cannot be reached; what is shown is the last that was known.", {
      cause: error,
    });
  });
  if (response.ok) return response.json();
  throw await refusalOf(response);
}
