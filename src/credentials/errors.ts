/** A credential or certificate cannot be had or is not accepted; the message says what to do, and never shows the secret. */
export class CredentialsError extends Error {
  override readonly name = "CredentialsError";
  readonly code = "credentials-unusable";
}
