/** Who we are, now. */
export type Login =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** `username` is the client's id; servers read who it is from the token. */
  | { readonly kind: "token"; readonly username: string; readonly token: string }
  /** The certificate of the TLS connection says it. */
  | { readonly kind: "certificate" };

/** `version` differs from the last one's whenever the login may have changed. */
export type LoginNow = { readonly login: Login; readonly version: string };

export interface LoginSource {
  /** Where the login comes from, for a sentence about it: never the secret. */
  readonly origin: string;
  /** Rejects with a CredentialsError whose message says what to do. */
  now(signal: AbortSignal): Promise<LoginNow>;
  /** The server did not accept the login of this version: what can be had anew is had anew. */
  refused(version: string): void;
}

/** The value of an Authorization header; undefined where the certificate says who we are. */
export const authorizationOf = (login: Login): string | undefined => {
  if (login.kind === "password") return basicOf(login.username, login.password);
  return login.kind === "token" ? `Bearer ${login.token}` : undefined;
};

export const basicOf = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
