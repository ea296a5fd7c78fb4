import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

/** The first word of an answer comes within this time, and then something at least every so often: an operator speaks every five seconds. */
const answerMs = 5_000;
const silenceMs = 15_000;
/** Behind one address there may be several operators of which one leads: each try is a new connection, and may meet another. */
const tries = 6;

/** An operator that answered, or why none did. The answer must be read or destroyed. */
export type RelayedAnswer =
  | { readonly kind: "answered"; readonly response: IncomingMessage }
  | { readonly kind: "away"; readonly because: string };

/** Asks the operator that leads; where none is found to lead, the answer of one that follows says so. `path` begins without a slash. */
export async function askLeader(operator: URL, path: string, signal: AbortSignal): Promise<RelayedAnswer> {
  for (let left = tries; ; left--) {
    const answer = await askOnce(operator, path, signal);
    const isFollower = answer.kind === "answered" && answer.response.headers["millrace-role"] === "follower";
    if (!isFollower || left === 1) return answer;
    answer.response.destroy();
  }
}

function askOnce(operator: URL, path: string, signal: AbortSignal): Promise<RelayedAnswer> {
  const { promise, resolve } = Promise.withResolvers<RelayedAnswer>();
  const away = (because: string) => resolve({ kind: "away", because });
  const request = send(new URL(path, operator), signal);
  const deadline = setTimeout(() => {
    request.destroy(new Error(`no answer in ${answerMs / 1_000} s`));
  }, answerMs);
  request.once("response", (response) => {
    clearTimeout(deadline);
    request.setTimeout(silenceMs, () => request.destroy(new Error("silent for too long")));
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
