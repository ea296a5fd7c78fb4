import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { Agent as HttpAgent } from "node:http";
import type { RequestOptions } from "node:https";
import { delimiter, join } from "node:path";
import { ClusterAccessError } from "./errors.ts";

/** What a request to the API server needs; asked for before each one, so that rotated credentials are used at once. */
export type Credentials = {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsFiles;
  /** Where the kubeconfig asks for a proxy: connections go through this agent instead of one of ours. */
  readonly proxyAgent?: HttpAgent;
};
export type TlsFiles = {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
};

/** Where the API server is and who we are to it. */
export type ClusterAccess = {
  /** Without a trailing slash. */
  readonly server: string;
  /** Of the kubeconfig's context, or of the pod. */
  readonly namespace: string;
  credentials(): Promise<Credentials>;
};

export type ClusterAccessOptions = {
  /** Path of a kubeconfig file; first choice. */
  readonly kubeconfig?: string;
  /** A context of that file other than its current one. */
  readonly context?: string;
  /** KUBECONFIG, HOME, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are looked at, in this order. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of the pod's service account. */
  readonly serviceAccountDirectory?: string;
  readonly nowMs?: () => number;
};

const defaultServiceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * A kubeconfig if one is named or there is one, else the pod's service account.
 *
 * In a pod the SDK is not loaded: it alone would take some 90 MB. A kubeconfig may need its exec plugins, OIDC or proxies.
 */
export const clusterAccess = async (options: ClusterAccessOptions): Promise<ClusterAccess> => {
  const files = kubeconfigFiles(options);
  if (files.length > 0) return kubeconfigAccess(files, options.context);
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = options.env;
  if (host === undefined || host === "")
    throw new ClusterAccessError(
      "no cluster: name a kubeconfig file, set KUBECONFIG, or run in a pod with a service account",
    );
  return serviceAccountAccess(options, `https://${host.includes(":") ? `[${host}]` : host}:${port}`);
};

const kubeconfigFiles = ({ kubeconfig, env }: ClusterAccessOptions): readonly string[] => {
  if (kubeconfig !== undefined) return [kubeconfig];
  const named = (env["KUBECONFIG"] ?? "").split(delimiter).filter((file) => file !== "");
  if (named.length > 0) return named;
  const home = env["HOME"];
  const usual = home === undefined || home === "" ? undefined : join(home, ".kube", "config");
  return usual !== undefined && existsSync(usual) ? [usual] : [];
};

/** The kubelet replaces the token well before it expires; client-go rereads it as often. */
const rereadAfterMs = 60_000;

const serviceAccountAccess = async (
  { serviceAccountDirectory = defaultServiceAccountDirectory, nowMs = Date.now }: ClusterAccessOptions,
  server: string,
): Promise<ClusterAccess> => {
  const read = (name: string) => readFile(join(serviceAccountDirectory, name), "utf8");
  const load = async (): Promise<Credentials> => {
    const [token, ca] = await Promise.all([read("token"), read("ca.crt")]);
    return { headers: { authorization: `Bearer ${token.trim()}` }, tls: { ca } };
  };
  const first = async () => {
    try {
      return await Promise.all([load(), read("namespace")]);
    } catch (error) {
      throw new ClusterAccessError(
        `no service account in ${serviceAccountDirectory}: is automountServiceAccountToken off? ${String(error)}`,
        { cause: error },
      );
    }
  };
  let [current, namespace] = await first();
  let readAtMs = nowMs();
  return {
    server,
    namespace: namespace.trim(),
    async credentials() {
      if (nowMs() - readAtMs >= rereadAfterMs) {
        current = await load();
        readAtMs = nowMs();
      }
      return current;
    },
  };
};

const kubeconfigAccess = async (
  files: readonly string[],
  context: string | undefined,
): Promise<ClusterAccess> => {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  try {
    for (const [index, file] of files.entries()) {
      const part = new KubeConfig();
      part.loadFromFile(file);
      config.mergeConfig(part, index > 0);
    }
  } catch (error) {
    throw new ClusterAccessError(`cannot use the kubeconfig ${files.join(delimiter)}: ${String(error)}`, {
      cause: error,
    });
  }
  if (context !== undefined) config.setCurrentContext(context);
  // The SDK refuses plain HTTP (`kubectl proxy`) unless it is told not to verify what is not there.
  config.clusters = config.clusters.map((cluster) =>
    cluster.server.startsWith("http:") ? { ...cluster, skipTLSVerify: true } : cluster,
  );
  const cluster = config.getCurrentCluster();
  if (cluster === null)
    throw new ClusterAccessError(
      `the kubeconfig ${files.join(delimiter)} has no context ${context ?? config.getCurrentContext()}: choose one of ${config
        .getContexts()
        .map(({ name }) => name)
        .join(", ")}`,
    );
  return {
    server: cluster.server.replace(/\/+$/, ""),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? "default",
    credentials: async () => {
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      return {
        headers: headersOf(options),
        tls: tlsOf(options),
        ...(cluster.proxyUrl !== undefined && options.agent instanceof HttpAgent
          ? { proxyAgent: options.agent }
          : {}),
      };
    },
  };
};

const headersOf = ({ headers, auth }: RequestOptions): Record<string, string> => ({
  ...(auth === undefined || auth === null
    ? {}
    : { authorization: `Basic ${Buffer.from(auth).toString("base64")}` }),
  ...Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]),
  ),
});

/** The SDK gives PEM as a string or as bytes. */
const pem = (name: "ca" | "cert" | "key", value: unknown): TlsFiles =>
  typeof value === "string" || Buffer.isBuffer(value) ? { [name]: value.toString() } : {};

const tlsOf = ({ ca, cert, key, servername, rejectUnauthorized }: RequestOptions): TlsFiles => ({
  ...pem("ca", ca),
  ...pem("cert", cert),
  ...pem("key", key),
  ...(servername === undefined ? {} : { servername }),
  ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
});
