import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type ClusterAccessOptions, clusterAccess } from "./cluster-access.ts";
import { ClusterAccessError } from "./errors.ts";

const folder = async (files: Readonly<Record<string, string>>): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), "cluster-access-"));
  onTestFinished(() => rm(path, { recursive: true }));
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(path, name), text)));
  return path;
};
const inPod = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "6443" };
const account = { token: "first\n", "ca.crt": "CA", namespace: "shop\n" };
const kubeconfig = (server: string, context = "one") =>
  JSON.stringify({
    "current-context": context,
    contexts: [
      { name: "one", context: { cluster: "c", user: "u", namespace: "team" } },
      { name: "two", context: { cluster: "c", user: "u" } },
    ],
    clusters: [
      { name: "c", cluster: { server, "certificate-authority-data": Buffer.from("CA").toString("base64") } },
    ],
    users: [{ name: "u", user: { token: "secret" } }],
  });
const problemOf = async (options: ClusterAccessOptions): Promise<string> => {
  const error = await clusterAccess(options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ClusterAccessError);
  return String(error);
};

test("in a pod: its service account, whose token is read again as it is renewed", async () => {
  const serviceAccountDirectory = await folder(account);
  let nowMs = 0;
  const access = await clusterAccess({ env: inPod, serviceAccountDirectory, nowMs: () => nowMs });
  expect(access).toMatchObject({ server: "https://10.0.0.1:6443", namespace: "shop" });
  expect(await access.credentials()).toEqual({
    headers: { authorization: "Bearer first" },
    tls: { ca: "CA" },
  });
  await writeFile(join(serviceAccountDirectory, "token"), "second");
  expect((await access.credentials()).headers).toEqual({ authorization: "Bearer first" });
  nowMs = 60_000;
  expect((await access.credentials()).headers).toEqual({ authorization: "Bearer second" });
});

test("an address of IPv6 is written as URLs want it", async () => {
  const env = { ...inPod, KUBERNETES_SERVICE_HOST: "fd00::1" };
  const access = await clusterAccess({ env, serviceAccountDirectory: await folder(account) });
  expect(access.server).toBe("https://[fd00::1]:6443");
});

test("a named kubeconfig comes first, then KUBECONFIG, then the one at home, then the pod", async () => {
  const path = await folder({ named: kubeconfig("https://named"), listed: kubeconfig("https://listed/") });
  const env = { ...inPod, KUBECONFIG: join(path, "listed"), HOME: path };
  const named = await clusterAccess({ kubeconfig: join(path, "named"), env });
  expect(named).toMatchObject({ server: "https://named", namespace: "team" });
  expect(await named.credentials()).toEqual({
    headers: { authorization: "Bearer secret" },
    tls: { ca: "CA" },
  });
  expect((await clusterAccess({ env })).server).toBe("https://listed");
  const other = await clusterAccess({ kubeconfig: join(path, "named"), context: "two", env });
  expect(other.namespace).toBe("default");
});

test("kubectl proxy's plain HTTP is accepted", async () => {
  const path = await folder({ config: kubeconfig("http://127.0.0.1:8001") });
  const access = await clusterAccess({ kubeconfig: join(path, "config"), env: {} });
  expect(access.server).toBe("http://127.0.0.1:8001");
  expect((await access.credentials()).headers).toEqual({ authorization: "Bearer secret" });
});

test("without a way to a cluster the error says what to do", async () => {
  expect(await problemOf({ env: {} })).toContain("name a kubeconfig file, set KUBECONFIG, or run in a pod");
  const empty = await folder({});
  expect(await problemOf({ env: inPod, serviceAccountDirectory: empty })).toContain(
    "automountServiceAccountToken",
  );
  expect(await problemOf({ kubeconfig: join(empty, "none"), env: {} })).toContain(
    "cannot use the kubeconfig",
  );
  const path = await folder({ config: kubeconfig("https://a"), broken: "{" });
  expect(await problemOf({ kubeconfig: join(path, "config"), context: "three", env: {} })).toMatch(
    /has no context three: choose one of one, two/,
  );
  expect(await problemOf({ kubeconfig: join(path, "broken"), env: {} })).toContain(
    "cannot use the kubeconfig",
  );
});
