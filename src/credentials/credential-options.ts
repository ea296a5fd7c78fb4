import { z } from "zod";
import { address, text } from "./fields.ts";

const oauth2 = z
  .strictObject({
    tokenUrl: address(["https:", "http:"], "https://sso.example.com/oauth2/token"),
    clientId: text("millrace").exactOptional(),
    clientIdFile: text("/etc/millrace/brokers/default/client-id").exactOptional(),
    clientSecretFile: text("/etc/millrace/brokers/default/client-secret"),
    /** Asked for, space-separated on the wire. */
    scopes: z.array(text("rabbitmq.tag:monitoring"), { error: "expected a list of texts" }).exactOptional(),
    /** Sent as `audience`, where the token server wants it. */
    audience: text("rabbitmq").exactOptional(),
  })
  .refine(({ clientId, clientIdFile }) => (clientId === undefined) !== (clientIdFile === undefined), {
    error: "give either clientId or clientIdFile",
  });

const oneForm =
  "give one of: usernameFile and passwordFile; oauth2; or external: true (the certificate says who we are)";

/** Where a login comes from. All files are read again when they change. */
export const credentialSchema = z
  .strictObject({
    usernameFile: text("/etc/millrace/brokers/default/username").exactOptional(),
    passwordFile: text("/etc/millrace/brokers/default/password").exactOptional(),
    oauth2: oauth2.exactOptional(),
    /** The certificate says who we are. It may stand beside the two files, which are then for HTTP only. */
    external: z.literal(true, { error: "expected true, or nothing" }).exactOptional(),
  })
  .transform((given, context): CredentialOptions => {
    const form = formOf(given);
    if (form !== undefined) return form;
    context.addIssue({ code: "custom", message: oneForm });
    return z.NEVER;
  });

/** Where the login of an HTTP server comes from. */
export const httpCredentialSchema = z
  .strictObject({
    bearerTokenFile: text("/etc/millrace/prometheus/token").exactOptional(),
    usernameFile: text("/etc/millrace/prometheus/username").exactOptional(),
    passwordFile: text("/etc/millrace/prometheus/password").exactOptional(),
    oauth2: oauth2.exactOptional(),
  })
  .transform(({ bearerTokenFile, ...given }, context): HttpCredentialOptions => {
    const form = formOf(given);
    const isOther = Object.keys(given).length > 0;
    if (bearerTokenFile !== undefined && !isOther) return { bearerTokenFile };
    if (bearerTokenFile === undefined && form !== undefined && !("external" in form)) return form;
    context.addIssue({
      code: "custom",
      message: "give one of: bearerTokenFile; usernameFile and passwordFile; or oauth2",
    });
    return z.NEVER;
  });

type Given = {
  readonly usernameFile?: string;
  readonly passwordFile?: string;
  readonly oauth2?: OAuth2Options;
  readonly external?: true;
};

const formOf = ({ usernameFile, passwordFile, oauth2, external }: Given): CredentialOptions | undefined => {
  if ((usernameFile === undefined) !== (passwordFile === undefined)) return undefined;
  const files =
    usernameFile === undefined || passwordFile === undefined ? undefined : { usernameFile, passwordFile };
  if (oauth2 !== undefined) return files === undefined && external === undefined ? { oauth2 } : undefined;
  return external === undefined ? files : { external, ...files };
};

export type OAuth2Options = z.infer<typeof oauth2>;
type LoginFiles = { readonly usernameFile: string; readonly passwordFile: string };
export type HttpCredentialOptions =
  | LoginFiles
  | { readonly oauth2: OAuth2Options }
  | { readonly bearerTokenFile: string };
export type CredentialOptions =
  | LoginFiles
  | { readonly oauth2: OAuth2Options }
  | { readonly external: true; readonly usernameFile?: string; readonly passwordFile?: string };
