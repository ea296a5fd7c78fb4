import type { OAuth2Options } from "./credential-options.ts";
import { CredentialsError } from "./errors.ts";
import { explainFailure, rootMessage } from "./explain-failure.ts";
import type { LoginNow, LoginSource } from "./login.ts";
import type { TlsOptions } from "./tls-options.ts";
import { TokenRequest } from "./token-request.ts";
import { within } from "./within.ts";

type Token = {
  readonly text: string;
  readonly username: string;
  readonly version: string;
  readonly beganMs: number;
  readonly endsMs: number;
};

/** A token is renewed when this share of its life is over, so that nothing ever runs on one that has ended. */
const renewAtShare = 0.7;
/** From one question that failed, or one token that was refused, to the next question. */
const retryAfterMs = 5_000;

/** Tokens by the OAuth 2 client credentials grant (RFC 6749 §4.4), kept and renewed. */
export class OAuth2Tokens implements LoginSource {
  readonly origin: string;
  readonly #request: TokenRequest;
  readonly #nowMs: () => number;
  #token: Token | undefined;
  #asking: Promise<void> | undefined;
  #failure: { readonly error: CredentialsError; readonly atMs: number } | undefined;
  #refused: string | undefined;
  #count = 0;

  constructor(options: OAuth2Options, deps: { readonly tls?: TlsOptions; readonly nowMs: () => number }) {
    const { tokenUrl, clientId, clientIdFile } = options;
    this.#nowMs = deps.nowMs;
    this.#request = new TokenRequest(options, deps.tls);
    this.origin = `client ${clientId ?? `in ${clientIdFile}`} with a token of ${new URL(tokenUrl).origin}`;
  }

  /** A token that still holds is given at once, also while the next one is being asked for. */
  async now(signal: AbortSignal): Promise<LoginNow> {
    if (this.#isDue()) {
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = undefined;
      });
      if (!this.#holds()) await within(this.#asking, signal);
    }
    const token = this.#token;
    if (token === undefined || !this.#holds())
      throw this.#failure?.error ?? new CredentialsError(`no token yet for ${this.origin}`);
    return {
      login: { kind: "token", username: token.username, token: token.text },
      version: token.version,
    };
  }

  refused(version: string): void {
    this.#refused = version;
  }

  #holds(): boolean {
    return this.#token !== undefined && this.#nowMs() < this.#token.endsMs;
  }

  #isDue(): boolean {
    const nowMs = this.#nowMs();
    if (this.#failure !== undefined && nowMs - this.#failure.atMs < retryAfterMs) return false;
    if (this.#token === undefined) return true;
    const { beganMs, endsMs, version } = this.#token;
    if (this.#refused === version) return nowMs - beganMs >= retryAfterMs;
    return nowMs >= beganMs + renewAtShare * (endsMs - beganMs);
  }

  async #ask(): Promise<void> {
    const beganMs = this.#nowMs();
    try {
      const { text, username, lifeSeconds } = await this.#request.send();
      this.#count += 1;
      this.#token = {
        text,
        username,
        version: String(this.#count),
        beganMs,
        endsMs: beganMs + 1_000 * lifeSeconds,
      };
      this.#failure = undefined;
    } catch (cause) {
      const why = explainFailure(cause) ?? rootMessage(cause);
      const error =
        cause instanceof CredentialsError
          ? cause
          : new CredentialsError(`no token for ${this.origin}: ${why}`, { cause });
      this.#failure = { error, atMs: this.#nowMs() };
    }
  }
}
