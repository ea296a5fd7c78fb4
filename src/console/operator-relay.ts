import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

export type RelayTiming = {
  /** The first word of an answer comes within this time. */
  readonly answerMs: number;
  /** After it something comes at least this often; an operator speaks every five seconds. */
  readonly silenceMs: number;
};

export const usualRelayTiming: RelayTiming = { answerMs: 5_000, silenceMs: 15_000 };

export type RelayRequest = {
  /** Of the operator, or of a Service before several; ends in a slash. */
  readonly operator: URL;
  /** Below that address; begins without a slash. */
  readonly path: string;
  readonly timing: RelayTiming;
  readonly signal: AbortSignal;
};

/** Behind one address there may be several operators of which one leads: each try is a new connection, and may meet another. */
const tries = 6;

/** An operator that answered, or why none did. The answer must be read or destroyed. */
export type RelayedAnswer =
  | { readonly kind: "answered"; readonly response: IncomingMessage }
  | { readonly kind: "away"; readonly because: string };

/** Asks the operator that leads; where none is found to lead, the answer of one that follows says so. */
export async function askLeader(asked: RelayRequest): Promise<RelayedAnswer> {
  for (let left = tries; ; left--) {
    const answer = await askOnce(asked);
    const isFollower = answer.kind === "answered" && answer.response.headers["millrace-role"] === "follower";
    if (!isFollower || left === 1) return answer;
    answer.response.destroy();
  }
}

function askOnce({ operator, path, timing, signal }: RelayRequest): Promise<RelayedAnswer> {
  const { promise, resolve } = Promise.withResolvers<RelayedAnswer>();
  const away = (because: string) => resolve({ kind: "away", because });
  const request = send(new URL(path, operator), signal);
  const deadline = setTimeout(() => {
    request.destroy(new Error(`no answer in ${timing.answerMs / 1_000} s`));
  }, timing.answerMs);
  request.once("response", (response) => {
    clearTimeout(deadline);
    request.setTimeout(timing.silenceMs, () => request.destroy(new Error("silent for too long")));
    // Whoever reads it sees the end; an answer that nobody reads any more must not end the process.
    response.on("error", () => {});
    resolve({ kind: "answered", response });
  });
  request.on("error", (error: NodeJS.ErrnoException) => {
    clearTimeout(deadline);
    away(error.code ?? error.message);
  });
  return promise;
}

/** Nothing of what the browser sent goes on: neither cookies nor credentials are the operator's business. */
function send(url: URL, signal: AbortSignal): ClientRequest {
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  return request(url, { agent: false, signal }).end();
}
