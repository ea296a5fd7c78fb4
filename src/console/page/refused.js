/** The server did not answer the question; the message says why, in words for people. */
export class Refused extends Error {
  name = "Refused";

  /** Not to be asked again before so long. */
  retryAfterSeconds = 0;

  /**
   * @param {number} status 0 where nothing answered
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(status, message, options) {
    super(message, options);
    this.status = status;
  }
}

/**
 * Of an answer that is not a good one, by the words of its problem document.
 * @param {Response} response
 */
export async function refusalOf(response) {
  /** @type {Partial<import("../contract.ts").Problem> | undefined} */
  const problem = await response.json().catch(() => undefined);
  const words = [problem?.title, problem?.detail].filter((text) => text !== undefined);
  const message = words.length > 0 ? words.join(" ") : `The operator answered ${response.status}.`;
  const refused = new Refused(response.status, message);
  refused.retryAfterSeconds = Number(response.headers.get("retry-after") ?? 0) || 0;
  return refused;
}
