import { type ApiPath, describePath, qualifiedResource } from "./api-path.ts";

/**
 * What went wrong between us and the API server, for callers to branch on.
 *
 * forbidden: the role lacks the verb. unauthorized: the credentials are not accepted. not-found: the object is missing.
 * not-served: the API server does not know the resource type. conflict: 409, somebody wrote first, or the name is taken.
 * invalid: 422, a failed JSON Patch test included. gone: 410, the resourceVersion or continue token is too old.
 * busy: 429 or 503, come back after `retryAfterSeconds`. unreachable: no answer at all. timeout: no answer in time.
 * aborted: the caller's signal. refused: any other answer.
 */
export type KubernetesErrorCode =
  | "forbidden"
  | "unauthorized"
  | "not-found"
  | "not-served"
  | "conflict"
  | "invalid"
  | "gone"
  | "busy"
  | "unreachable"
  | "timeout"
  | "aborted"
  | "refused";

export type KubernetesVerb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete";

/** The message is a sentence that names the verb, the resource and, where there is one, the remedy. */
export class KubernetesError extends Error {
  override readonly name = "KubernetesError";
  readonly code: KubernetesErrorCode;
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    message: string,
    details: {
      readonly code: KubernetesErrorCode;
      readonly status?: number;
      readonly retryAfterSeconds?: number;
      readonly cause?: unknown;
    },
  ) {
    super(message, { cause: details.cause });
    this.code = details.code;
    this.status = details.status;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** The cluster cannot be addressed at all: no kubeconfig, a wrong context, no service account. */
export class ClusterAccessError extends Error {
  override readonly name = "ClusterAccessError";
}

export const hasCode = (error: unknown, code: KubernetesErrorCode): error is KubernetesError =>
  error instanceof KubernetesError && error.code === code;

export type FailedCall = { readonly verb: KubernetesVerb; readonly path: ApiPath };

export type FailedAnswer = {
  readonly status: number;
  readonly body: string;
  readonly retryAfter?: string | undefined;
};

/** An answer of 400 or above, as an error. */
export const answerError = (call: FailedCall, answer: FailedAnswer): KubernetesError => {
  const { status } = answer;
  const said = saidBy(answer.body);
  const code = codeOf(status, said.names);
  const seconds = Number(answer.retryAfter);
  return new KubernetesError(sentence(call, code, { status, message: said.message }), {
    code,
    status,
    ...(Number.isFinite(seconds) && seconds >= 0 && answer.retryAfter !== undefined
      ? { retryAfterSeconds: seconds }
      : {}),
  });
};

/** No answer: the connection failed, the deadline passed or the caller gave up. */
export const transportError = (call: FailedCall, server: string, cause: unknown): KubernetesError => {
  if (cause instanceof KubernetesError) return cause;
  const what = `${call.verb} ${describePath(call.path)}`;
  const name = cause instanceof Error ? cause.name : "";
  if (name === "TimeoutError") {
    const message = `The API server at ${server} did not answer in time (${what}).`;
    return new KubernetesError(message, { code: "timeout", cause });
  }
  if (name === "AbortError")
    return new KubernetesError(`Gave up waiting for the API server (${what}).`, { code: "aborted", cause });
  const because = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new KubernetesError(
    `Cannot reach the API server at ${server} (${what}): ${because}. Check the address, the network policy and the certificates.`,
    { code: "unreachable", cause },
  );
};

/** The `Status` object with which a watch ends in an ERROR event. */
export const watchEventError = (call: FailedCall, object: unknown): KubernetesError => {
  const status = isRecord(object) && typeof object["code"] === "number" ? object["code"] : 500;
  return answerError(call, { status, body: JSON.stringify(object ?? {}) });
};

const codeOf = (status: number, namesAnObject: boolean): KubernetesErrorCode => {
  switch (status) {
    case 401:
      return "unauthorized";
    case 403:
      return "forbidden";
    case 404:
      return namesAnObject ? "not-found" : "not-served";
    case 409:
      return "conflict";
    case 410:
      return "gone";
    case 422:
      return "invalid";
    case 429:
    case 503:
      return "busy";
    case 504:
      return "timeout";
    default:
      return "refused";
  }
};

const sentence = (
  { verb, path }: FailedCall,
  code: KubernetesErrorCode,
  answer: { readonly status: number; readonly message: string | undefined },
): string => {
  const said = answer.message === undefined ? "" : `: ${answer.message}`;
  const where = path.namespace === undefined ? "in the whole cluster" : `in namespace ${path.namespace}`;
  if (code === "forbidden")
    return `The operator's role lacks ${verb} on ${qualifiedResource(path)} ${where} (403): grant it, or let the chart create the role.`;
  if (code === "unauthorized")
    return `The API server does not accept the credentials (401) for ${verb} ${describePath(path)}: check the service account's token or the kubeconfig's user.`;
  if (code === "not-found") return `${describePath(path)} does not exist${said}.`;
  if (code === "not-served")
    return `The API server does not serve ${qualifiedResource(path)} (404): is its custom resource definition installed, and the version right?`;
  return `The API server answered ${answer.status} to ${verb} ${describePath(path)}${said}.`;
};

const maxMessageCharacters = 400;

/** `names`: it says which object it is about, as the answer about an unknown resource type does not. */
const saidBy = (body: string): { readonly names: boolean; readonly message: string | undefined } => {
  const status = parsed(body);
  if (!isRecord(status)) return { names: false, message: undefined };
  const { details, message } = status;
  return {
    names: isRecord(details) && typeof details["name"] === "string",
    message: typeof message === "string" ? message.slice(0, maxMessageCharacters) : undefined,
  };
};

const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // A proxy's page, or the router's plain text.
  }
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
