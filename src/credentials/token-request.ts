import type { OAuth2Options } from "./credential-options.ts";
import { CredentialsError } from "./errors.ts";
import { type HttpAnswer, HttpClient } from "./http-client.ts";
import { basicOf } from "./login.ts";
import type { TlsOptions } from "./tls-options.ts";
import { WatchedFile } from "./watched-file.ts";

/** `username` is the client's id. */
type TokenAnswer = { readonly text: string; readonly username: string; readonly lifeSeconds: number };

/** Life of a token whose server does not tell it. */
const defaultLifeSeconds = 300;
const deadlineMs = 5_000;
const refusals: ReadonlySet<number> = new Set([400, 401, 403]);

/** The OAuth 2 client credentials request (RFC 6749 §4.4), with the client's id and secret as their files hold them now. */
export class TokenRequest {
  readonly #options: OAuth2Options;
  readonly #http: HttpClient;
  readonly #id: WatchedFile | undefined;
  readonly #secret: WatchedFile;

  constructor(options: OAuth2Options, tls: TlsOptions | undefined) {
    this.#options = options;
    this.#http = new HttpClient({ ...(tls && { tls }), maxAnswerBytes: 1024 * 1024 });
    this.#id = options.clientIdFile === undefined ? undefined : new WatchedFile(options.clientIdFile);
    this.#secret = new WatchedFile(options.clientSecretFile);
  }

  /** Rejects with a CredentialsError, or with the network's own error. */
  async send(): Promise<TokenAnswer> {
    const username = this.#options.clientId ?? (await this.#id?.line())?.text ?? "";
    const { text: secret } = await this.#secret.line();
    const answer = await this.#http.request(this.#options.tokenUrl, {
      method: "POST",
      headers: {
        accept: "application/json",
        authorization: basicOf(encodeURIComponent(username), encodeURIComponent(secret)),
        "content-type": "application/x-www-form-urlencoded",
      },
      body: this.#form(),
      signal: AbortSignal.timeout(deadlineMs),
    });
    return { ...this.#tokenOf(answer, username), username };
  }

  #form(): string {
    const { scopes = [], audience } = this.#options;
    const form = new URLSearchParams({ grant_type: "client_credentials" });
    if (scopes.length > 0) form.set("scope", scopes.join(" "));
    if (audience !== undefined) form.set("audience", audience);
    return form.toString();
  }

  #tokenOf({ status, text: body }: HttpAnswer, username: string): Omit<TokenAnswer, "username"> {
    const { tokenUrl, clientSecretFile } = this.#options;
    const { access_token: text, expires_in: life, error } = parsed(body);
    if (refusals.has(status)) {
      const why = typeof error === "string" ? ` ${error}` : "";
      throw new CredentialsError(
        `${tokenUrl} refused client ${username} (${status}${why}): check its secret in ${clientSecretFile}, ` +
          "and which scopes and audience it may ask for",
      );
    }
    if (status !== 200 || typeof text !== "string" || text === "")
      throw new CredentialsError(
        `${tokenUrl} answered ${status} without an access_token: give the token endpoint as tokenUrl`,
      );
    const lifeSeconds = Number(life ?? defaultLifeSeconds);
    return { text, lifeSeconds: lifeSeconds > 0 ? lifeSeconds : defaultLifeSeconds };
  }
}

const parsed = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {}; // no JSON: the status and the missing token are told
  }
};
