/** Codes of errors by Node, OpenSSL and undici, and what they mean for whoever runs this. The first that fits counts. */
const known: readonly (readonly [codes: RegExp, sentence: string])[] = [
  [
    /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_\w+)$/,
    "its certificate is of an authority that is not trusted: give the authority's certificate as tls.caFile",
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    "its certificate is for another name: use that name in the address, or give it as tls.serverName",
  ],
  [/^CERT_HAS_EXPIRED$/, "its certificate has expired: renew it"],
  [/^CERT_NOT_YET_VALID$/, "its certificate is not valid yet: check both clocks"],
  [
    /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)$/,
    "it does not speak TLS on that port: correct the port, or the protocol of the address",
  ],
  [
    /^ERR_SSL_.*ALERT_(\w*CERTIFICATE\w*|UNKNOWN_CA|HANDSHAKE_FAILURE)$/,
    "it did not accept our client certificate, or wants one: give one that it trusts as tls.certFile and tls.keyFile",
  ],
  [/^ERR_(OSSL|SSL)_/, "TLS failed: check that tls.certFile, tls.keyFile and tls.caFile belong together"],
  [/^(ENOTFOUND|EAI_AGAIN)$/, "its name cannot be resolved: correct the host in the address"],
  [/^ECONNREFUSED$/, "nothing listens there: correct the host and port, or start it"],
  [
    /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/,
    "the connection was closed: check that the port speaks this protocol (TLS or not), whether it wants a client certificate (tls.certFile), and what stands between",
  ],
  [
    /^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|EHOSTUNREACH|ENETUNREACH)$/,
    "no answer: check the address, and whether a network policy or firewall stands between",
  ],
];

/**
 * Why a connection could not be made, with the remedy; undefined when the error is none of the network's or of TLS.
 * What SDKs wrap is looked through (`cause`, and the first of several addresses tried).
 */
export const explainFailure = (error: unknown): string | undefined => {
  for (const one of chainOf(error)) {
    const code = "code" in one && typeof one.code === "string" ? one.code : codeIn(one.message);
    const found = known.find(([codes]) => codes.test(code));
    if (found !== undefined) return `${found[1]} (${code})`;
  }
  return undefined;
};

/** The innermost message: `fetch failed` says nothing, what stands behind it does. */
export const rootMessage = (error: unknown): string => chainOf(error).at(-1)?.message ?? String(error);

const chainOf = (error: unknown): readonly Error[] => {
  const chain: Error[] = [];
  let next = error;
  while (next instanceof Error && chain.length < 5) {
    chain.push(next);
    next = next instanceof AggregateError ? next.errors[0] : next.cause;
  }
  return chain;
};

/** amqplib's own time limit has no code. */
const codeIn = (message: string): string => /\bE[A-Z]{6,}\b/.exec(message)?.[0] ?? "";
