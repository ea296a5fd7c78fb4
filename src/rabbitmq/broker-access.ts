import type { LinkAccess } from "../../kit/src/amqp/link.ts";
import { createLogin } from "../credentials/create-login.ts";
import type { Login, LoginSource } from "../credentials/login.ts";
import { TlsFiles } from "../credentials/tls-files.ts";
import type { BrokerOptions } from "./options.ts";

/** How one broker is reached by AMQP, as its files and tokens say it now. */
export type BrokerAccess = {
  /** Where the login comes from, for a sentence about it. */
  readonly origin: string;
  /** Host and port, without credentials. */
  readonly address: string;
  /** `version` differs from the last one's whenever the access may have changed. */
  now(signal: AbortSignal): Promise<{ readonly access: LinkAccess; readonly version: string }>;
  /** The broker did not accept the login of this access. */
  refused(): void;
};

/** As every AMQP client does where nothing else is said. */
const guest = { username: "guest", password: "guest" };

export const createBrokerAccess = (
  { amqpUrl, credentials, tls }: BrokerOptions,
  nowMs: () => number,
): BrokerAccess => {
  const url = new URL(amqpUrl);
  const login: LoginSource = createLogin(credentials, url, { ...(tls && { tls }), preset: guest, nowMs });
  const files = new TlsFiles(tls ?? {});
  let last = "";
  return {
    get origin() {
      return login.origin;
    },
    address: url.host,
    async now(signal) {
      const [who, secured] = await Promise.all([login.now(signal), files.now()]);
      last = who.version;
      return {
        access: { credentials: saslOf(who.login), tls: secured.material },
        version: `${who.version}/${secured.version}`,
      };
    },
    refused: () => login.refused(last),
  };
};

/** A token is sent as the password; RabbitMQ reads from the token who it is. */
const saslOf = (login: Login): NonNullable<LinkAccess["credentials"]> => {
  if (login.kind === "certificate") return "certificate";
  const { username } = login;
  return { username, password: login.kind === "token" ? login.token : login.password };
};
