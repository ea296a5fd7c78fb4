import { CredentialsError } from "./errors.ts";
import type { TlsOptions } from "./tls-options.ts";
import { WatchedFile } from "./watched-file.ts";

/** As node:tls takes it. */
export type TlsMaterial = {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
};
export type TlsNow = { readonly material: TlsMaterial; readonly version: string };

/** The certificates and key of one connection's configuration, as the files hold them now. */
export class TlsFiles {
  readonly #options: TlsOptions;
  readonly #ca: WatchedFile | undefined;
  readonly #cert: WatchedFile | undefined;
  readonly #key: WatchedFile | undefined;

  constructor(options: TlsOptions) {
    const { caFile, certFile, keyFile } = options;
    this.#options = options;
    this.#ca = caFile === undefined ? undefined : new WatchedFile(caFile);
    this.#cert = certFile === undefined ? undefined : new WatchedFile(certFile);
    this.#key = keyFile === undefined ? undefined : new WatchedFile(keyFile);
  }

  /** Rejects with a CredentialsError that names the file. */
  async now(): Promise<TlsNow> {
    const [ca, cert, key] = await Promise.all([pem(this.#ca), pem(this.#cert), pem(this.#key)]);
    const { serverName, insecureSkipVerify = false } = this.#options;
    return {
      material: {
        ...(ca && { ca: ca.text }),
        ...(cert && { cert: cert.text }),
        ...(key && { key: key.text }),
        ...(serverName !== undefined && { servername: serverName }),
        rejectUnauthorized: !insecureSkipVerify,
      },
      version: [ca, cert, key].map((file) => file?.version ?? "").join(" "),
    };
  }
}

const pem = async (file: WatchedFile | undefined) => {
  const now = await file?.now();
  if (now !== undefined && !now.text.includes("-----BEGIN "))
    throw new CredentialsError(`${file?.path} holds no PEM block: give the file in PEM format`);
  return now;
};
