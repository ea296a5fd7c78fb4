import { execFile } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

export type Issued = { readonly certFile: string; readonly keyFile: string };
export type TestAuthority = {
  readonly caFile: string;
  /** `names`, for example `["DNS:rabbitmq.test", "IP:127.0.0.1"]`. */
  issue(commonName: string, names?: readonly string[]): Promise<Issued>;
};

/** A certificate authority for one test run, made by openssl in a folder of its own below `directory`. */
export const createTestAuthority = async (directory: string): Promise<TestAuthority> => {
  const folder = await mkdtemp(join(directory, "authority-"));
  const caFile = join(folder, "ca.crt");
  const caKey = join(folder, "ca.key");
  await run("openssl", [
    "req",
    "-x509",
    ...newKey,
    "-keyout",
    caKey,
    "-out",
    caFile,
    "-subj",
    "/CN=test authority",
    "-days",
    "2",
  ]);
  return {
    caFile,
    async issue(commonName, names = []) {
      const file = (ending: string): string => join(folder, `${commonName}.${ending}`);
      const extensions = names.length === 0 ? "" : `subjectAltName=${names.join(",")}\n`;
      await writeFile(file("ext"), `extendedKeyUsage=serverAuth,clientAuth\n${extensions}`);
      await run("openssl", [
        "req",
        ...newKey,
        "-keyout",
        file("key"),
        "-out",
        file("csr"),
        "-subj",
        `/CN=${commonName}`,
      ]);
      await run("openssl", [
        "x509",
        "-req",
        "-in",
        file("csr"),
        "-CA",
        caFile,
        "-CAkey",
        caKey,
        "-CAcreateserial",
        "-out",
        file("crt"),
        "-days",
        "2",
        "-extfile",
        file("ext"),
      ]);
      return { certFile: file("crt"), keyFile: file("key") };
    },
  };
};
