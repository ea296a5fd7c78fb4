import type { CredentialOptions, HttpCredentialOptions } from "./credential-options.ts";
import { CredentialsError } from "./errors.ts";
import type { Login, LoginSource } from "./login.ts";
import { OAuth2Tokens } from "./oauth2-tokens.ts";
import type { TlsOptions } from "./tls-options.ts";
import { WatchedFile } from "./watched-file.ts";

/** The login of one server. Without `credentials` it is the one that its address holds, or the preset. */
export const createLogin = (
  credentials: CredentialOptions | HttpCredentialOptions | undefined,
  url: URL,
  deps: {
    readonly tls?: TlsOptions;
    readonly preset: { readonly username: string; readonly password: string };
    readonly nowMs: () => number;
  },
): LoginSource => {
  if (credentials === undefined) return loginOfUrl(url, deps.preset);
  if ("oauth2" in credentials) return new OAuth2Tokens(credentials.oauth2, deps);
  if ("external" in credentials)
    return fixed({ kind: "certificate" }, "the name in its certificate (tls.certFile)");
  if ("bearerTokenFile" in credentials) return loginOfToken(credentials.bearerTokenFile);
  return loginOfFiles(credentials);
};

const loginOfToken = (path: string): LoginSource => {
  const file = new WatchedFile(path);
  return {
    origin: `the token in ${path}`,
    async now() {
      const { text, version } = await file.line();
      return { login: { kind: "token", username: "", token: text.trim() }, version };
    },
    refused: () => {},
  };
};

const loginOfUrl = (
  url: URL,
  preset: { readonly username: string; readonly password: string },
): LoginSource => {
  if (url.username === "" && url.password === "")
    return fixed({ kind: "password", ...preset }, `user ${preset.username}, as no credentials are given`);
  const username = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  return fixed({ kind: "password", username, password }, `user ${username} and the password in its address`);
};

const fixed = (login: Login, origin: string): LoginSource => ({
  origin,
  now: () => Promise.resolve({ login, version: "" }),
  refused: () => {},
});

const loginOfFiles = (files: {
  readonly usernameFile: string;
  readonly passwordFile: string;
}): LoginSource => {
  const usernameFile = new WatchedFile(files.usernameFile);
  const passwordFile = new WatchedFile(files.passwordFile);
  let origin = `the user in ${files.usernameFile} and the password in ${files.passwordFile}`;
  return {
    get origin() {
      return origin;
    },
    async now() {
      const [username, password] = await Promise.all([usernameFile.line(), passwordFile.line()]);
      if (/[\r\n\0]/.test(username.text))
        throw new CredentialsError(
          `${files.usernameFile} holds more than one line: put only the user's name into it`,
        );
      origin = `user ${username.text} (${files.usernameFile}) and the password in ${files.passwordFile}`;
      return {
        login: { kind: "password", username: username.text, password: password.text },
        version: `${username.version} ${password.version}`,
      };
    },
    refused: () => {},
  };
};
