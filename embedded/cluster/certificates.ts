import { execFile } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** Names and addresses at which the API server answers. */
export type ServerNames = readonly `${"DNS" | "IP"}:${string}`[];

const authority = (pki: string, name: string): Promise<unknown> => {
  const files = ["-keyout", join(pki, `${name}.key`), "-out", join(pki, `${name}.crt`)];
  return run("openssl", ["req", "-x509", ...key, "-days", "3650", "-subj", `/CN=${name}`, ...files]);
};

type Signed = {
  readonly subject: string;
  readonly by?: "ca" | "front-proxy-ca";
  readonly names?: ServerNames;
};

const certificate = async (
  pki: string,
  name: string,
  { subject, by = "ca", names }: Signed,
): Promise<void> => {
  const file = (ending: string): string => join(pki, `${name}.${ending}`);
  const extensions = ["extendedKeyUsage=clientAuth,serverAuth"];
  if (names !== undefined) extensions.push(`subjectAltName=${names.join(",")}`);
  await writeFile(file("ext"), `${extensions.join("\n")}\n`);
  await run("openssl", ["req", ...key, "-subj", subject, "-keyout", file("key"), "-out", file("csr")]);
  const signer = ["-CA", join(pki, `${by}.crt`), "-CAkey", join(pki, `${by}.key`)];
  const serial = ["-set_serial", `0x${randomBytes(16).toString("hex")}`];
  const files = ["-in", file("csr"), "-extfile", file("ext"), "-out", file("crt")];
  await run("openssl", ["x509", "-req", "-days", "3650", ...files, ...signer, ...serial]);
};

const serviceAccountKeys = async (pki: string): Promise<void> => {
  const pair = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  await writeFile(join(pki, "sa.key"), pair.privateKey, { mode: 0o600 });
  await writeFile(join(pki, "sa.pub"), pair.publicKey);
};

/** Everything that the servers of one cluster identify themselves by, in `pki`. */
export const makeCertificates = async (
  pki: string,
  names: { readonly server: ServerNames; readonly node: string; readonly kubelet: ServerNames },
): Promise<void> => {
  await mkdir(pki, { recursive: true, mode: 0o700 });
  await Promise.all([authority(pki, "ca"), authority(pki, "front-proxy-ca"), serviceAccountKeys(pki)]);
  const certificates: Readonly<Record<string, Signed>> = {
    apiserver: { subject: "/CN=kube-apiserver", names: names.server },
    kubelet: { subject: `/O=system:nodes/CN=system:node:${names.node}`, names: names.kubelet },
    "kubelet-client": { subject: "/O=system:masters/CN=kube-apiserver" },
    "front-proxy": { subject: "/CN=front-proxy", by: "front-proxy-ca" },
    admin: { subject: "/O=system:masters/CN=admin" },
    "controller-manager": { subject: "/CN=system:kube-controller-manager" },
    scheduler: { subject: "/CN=system:kube-scheduler" },
    proxy: { subject: "/CN=system:kube-proxy" },
  };
  await Promise.all(Object.entries(certificates).map(([name, signed]) => certificate(pki, name, signed)));
};
