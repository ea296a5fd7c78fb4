import { createLogin } from "../credentials/create-login.ts";
import { CredentialsError } from "../credentials/errors.ts";
import { explainFailure, rootMessage } from "../credentials/explain-failure.ts";
import { type HttpAnswer, HttpClient } from "../credentials/http-client.ts";
import { authorizationOf, type LoginSource } from "../credentials/login.ts";
import { ManagementError } from "./errors.ts";
import type { BrokerOptions } from "./options.ts";

export type ManagementPlace = Pick<BrokerOptions, "credentials" | "tls"> & {
  readonly url: string;
  readonly nowMs: () => number;
};

const maxAnswerBytes = 16 * 1024 * 1024;

/** Rejects with a ManagementError. */
export type ManagementGet = ((path: string, signal: AbortSignal) => Promise<unknown>) & {
  close(): Promise<void>;
};

export const createManagementGet = ({ url, credentials, tls, nowMs }: ManagementPlace): ManagementGet => {
  const base = new URL(url);
  const http = new HttpClient({ ...(tls && { tls }), maxAnswerBytes });
  const login = createLogin(forHttp(credentials), base, {
    ...(tls && { tls }),
    preset: { username: "guest", password: "guest" },
    nowMs,
  });
  base.username = "";
  base.password = "";
  const root = base.href.replace(/\/$/, "");
  const get = async (path: string, signal: AbortSignal): Promise<unknown> => {
    try {
      const { login: who, version } = await login.now(signal);
      const headers = { accept: "application/json", authorization: authorizationOf(who) ?? "" };
      const answer = await http.request(`${root}/api/${path}`, { method: "GET", headers, signal });
      if (answer.status === 401) login.refused(version);
      return contentOf(answer, login);
    } catch (cause) {
      if (cause instanceof ManagementError) throw cause;
      if (cause instanceof CredentialsError)
        throw new ManagementError("credentials", cause.message, { cause });
      const why = signal.aborted ? "no answer in time" : (explainFailure(cause) ?? rootMessage(cause));
      throw new ManagementError("unreachable", why, { cause });
    }
  };
  return Object.assign(get, { close: () => http.close() });
};

/** RabbitMQ's management API knows no login by certificate: then the files beside `external` are for it. */
const forHttp = (credentials: ManagementPlace["credentials"]): ManagementPlace["credentials"] => {
  if (credentials === undefined || !("external" in credentials)) return credentials;
  const { usernameFile, passwordFile } = credentials;
  return usernameFile === undefined || passwordFile === undefined
    ? undefined
    : { usernameFile, passwordFile };
};

const contentOf = ({ status, text, location }: HttpAnswer, { origin }: LoginSource): unknown => {
  const content = parsed(text);
  if (content === undefined) throw notTheApi(status, { text, location });
  if (status === 200) return content;
  const { reason = "", error = "" } = content as { reason?: string; error?: string };
  if (status === 400 && error === "page_out_of_range") return "page-out-of-range";
  if (status === 401) return refuse(reason, origin);
  if (status === 404)
    throw new ManagementError("vhost-missing", "it does not know the vhost: create it, or correct its name");
  throw new ManagementError(
    "failing",
    `it answered ${status}: ${(reason === "" ? text : reason).slice(0, 200)}`,
  );
};

/** A page for people, a redirect, or the error of something in between. */
const notTheApi = (
  status: number,
  { text, location }: { readonly text: string; readonly location: string | undefined },
): ManagementError => {
  const own =
    "give the address of the management API itself as managementUrl, for example http://rabbitmq:15672";
  if (location !== undefined)
    return new ManagementError(
      "not-the-api",
      `it redirects (${status}) to ${URL.parse(location, "http://x")?.pathname ?? "another page"}; ${own}`,
    );
  if (status >= 500) return new ManagementError("failing", `it answered ${status}: ${text.slice(0, 200)}`);
  return new ManagementError("not-the-api", `it answered ${status} with something that is not JSON; ${own}`);
};

const refuse = (reason: string, origin: string): never => {
  if (reason.includes("Not management user"))
    throw new ManagementError(
      "no-permission",
      `${origin} may not use it: give the user the tag monitoring (401)`,
    );
  if (reason.includes("virtual host"))
    throw new ManagementError(
      "no-permission",
      `${origin} has no permissions in the vhost: grant them, for example with rabbitmqctl set_permissions (401)`,
    );
  throw new ManagementError("credentials", `it refused ${origin} (401): correct them; they are tried again`);
};

const parsed = (text: string): object | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined; // a page of something else
  }
};
