import { z } from "zod";
import { text } from "./fields.ts";

/** How a TLS connection is checked, and what it shows of itself. All files are read again when they change. */
export const tlsSchema = z
  .strictObject({
    /** PEM: the authorities that are trusted, instead of the system's. */
    caFile: text("/etc/millrace/tls/ca.crt").exactOptional(),
    /** PEM: the certificate shown to the server (mTLS), with its chain. */
    certFile: text("/etc/millrace/tls/tls.crt").exactOptional(),
    /** PEM: the private key of certFile. */
    keyFile: text("/etc/millrace/tls/tls.key").exactOptional(),
    /** The name that the server's certificate must bear, where it is not the address's. */
    serverName: text("rabbitmq.example.com").exactOptional(),
    /** true: any server is believed. Whoever is between can read the password. Default false. */
    insecureSkipVerify: z.boolean({ error: "expected true or false" }).exactOptional(),
  })
  .refine(({ certFile, keyFile }) => (certFile === undefined) === (keyFile === undefined), {
    error: "certFile and keyFile belong together: give both, or neither",
  });
export type TlsOptions = z.infer<typeof tlsSchema>;
