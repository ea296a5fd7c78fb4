import { execFile } from "node:child_process";
import { cp, mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createControlPlane } from "../embedded/control-plane.ts";
import { whyUnavailable } from "../embedded/cluster/availability.ts";
import { createClusterImages } from "../embedded/cluster/cluster-images.ts";
import { clusterFolders } from "../embedded/cluster/folders.ts";
import { type BroughtUp, bringUp, takeDownOwn } from "../embedded/cluster/held-cluster.ts";
import { createFaultProxy } from "../embedded/fault-proxy.ts";
import { createPostgres } from "../embedded/postgres.ts";
import { createRabbitmq } from "../embedded/rabbitmq.ts";
import { createRunScope, type RunScope } from "../embedded/run-scope.ts";
import type { Service } from "../kit/src/service.ts";
import { chartTools } from "../test/chart/chart-tools.ts";
import { helmCommand, release } from "../test/chart/helm-command.ts";

const run = promisify(execFile);
const checkout = fileURLToPath(new URL("..", import.meta.url));

export const components = ["operator", "gateway", "worker"] as const;
export type Component = (typeof components)[number];
export type Sample = { readonly readyMs: number; readonly rssBytes: number };

/** Where the components run. Each measurement is a new process. */
export type Subjects = {
  readonly how: string;
  readonly imageBytes?: number;
  readonly baseBytes?: number;
  measure(component: Component, options: { readonly idleSeconds: number }): Promise<Sample>;
  stop(): Promise<void>;
};

type LogLine = { readonly msg?: string; readonly role?: string; readonly time: number };

/** The log line in which each says that it can do its work. */
const isReady: Readonly<Record<Component, (line: LogLine) => boolean>> = {
  operator: ({ msg }) => msg === "operator ready",
  gateway: ({ msg }) => msg === "gateway listening",
  worker: ({ msg, role = "" }) => msg === "broker link ready" && role.startsWith("consume"),
};

type Say = (text: string) => void;
type Servers = { readonly amqpUrl: URL; readonly managementUrl: URL; readonly databaseUrl: URL };

const startServers = async (scope: RunScope): Promise<Servers> => {
  const broker = await createRabbitmq(scope);
  const postgres = await createPostgres(scope);
  await Promise.all([broker.start(), postgres.start()]);
  return {
    amqpUrl: new URL(broker.amqpUrl()),
    managementUrl: new URL(broker.managementUrl()),
    databaseUrl: new URL(postgres.url()),
  };
};

/** Milliseconds since 1970 at which the process of this /proc/PID/stat began, to about 20 ms. */
const startedMs = async (stat: string): Promise<number> => {
  const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]); // of 10 ms since boot
  const [uptimeSeconds = ""] = (await readFile("/proc/uptime", "utf8")).split(" ");
  return Date.now() - Number(uptimeSeconds) * 1_000 + ticks * 10;
};

const readyAtMs = (component: Component, log: string): number | undefined => {
  const lines = log.split("\n").filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line) as LogLine).find(isReady[component])?.time;
};

const rssBytesOf = (status: string): number => Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;

const untilDefined = async <T>(what: string, ask: () => Promise<T | undefined>): Promise<T> => {
  for (let turn = 0; turn < 300; turn++) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await wait(100);
  }
  throw new Error(`${what}: not within 30 s`);
};

/** Pods of the chart with an image of this checkout; undefined where no cluster with nodes can be had. */
export const onPods = async (say: Say): Promise<Subjects | undefined> => {
  const folders = clusterFolders(process.env);
  const tools = await chartTools();
  if ("missing" in tools || (await whyUnavailable("full", folders, process.env)).length > 0) return undefined;
  const options = { env: process.env, say, signal: new AbortController().signal };
  const cluster = await bringUp("full", folders, { ...options, waitMs: 600_000 });
  const scope = await createRunScope();
  const stop = async (): Promise<void> => {
    await scope.stop();
    if (cluster.started) await takeDownOwn("full", folders, process.env);
  };
  try {
    const image = "localhost/millrace:bench";
    await createClusterImages(folders, options).buildImage(image, { directory: checkout });
    return await installed(cluster, { scope, helm: tools.helm4, image, stop });
  } catch (error) {
    await stop();
    throw error;
  }
};

type Parts = {
  readonly scope: RunScope;
  readonly helm: string;
  readonly image: string;
  readonly stop: () => Promise<void>;
};

const installed = async (cluster: BroughtUp, { scope, helm, image, stop }: Parts): Promise<Subjects> => {
  const { kubeconfig, hostAddress = "" } = cluster;
  const namespace = `bench-image-${process.pid}`;
  const kubectl = async (...args: readonly string[]): Promise<string> =>
    (await run(cluster.kubectl, [`--kubeconfig=${kubeconfig}`, `--namespace=${namespace}`, ...args])).stdout;
  const servers = await startServers(scope);
  // The servers listen on loopback; pods reach them through the bridge.
  const proxies: Service[] = [];
  const throughBridge = async (url: URL): Promise<string> => {
    const proxy = createFaultProxy({ host: url.hostname, port: Number(url.port) }, hostAddress);
    await proxy.start();
    proxies.push(proxy);
    return Object.assign(new URL(url), { hostname: hostAddress, port: String(proxy.port()) }).href;
  };
  const amqpUrl = await throughBridge(servers.amqpUrl);
  const { username, password } = servers.amqpUrl;
  await kubectl("create", "namespace", namespace);
  const texts = {
    username,
    password,
    connection_string: amqpUrl,
    uri: await throughBridge(servers.databaseUrl),
  };
  const literals = Object.entries(texts).map(([key, text]) => `--from-literal=${key}=${text}`);
  await kubectl("create", "secret", "generic", "servers", ...literals);
  const command = helmCommand({ helm, kubeconfig, namespace, directory: scope.directory });
  const isDefined = (await kubectl("get", "crd", "-o=name")).includes("workerautoscalers.millrace.dev");
  const [repository, tag] = image.split(":");
  const { host } = new URL(amqpUrl);
  const remove = async (): Promise<void> => {
    await command.run("uninstall", release, "--wait", "--ignore-not-found");
    await kubectl("delete", "namespace", namespace, "--wait=false");
    for (const proxy of proxies) await proxy.stop();
  };
  const values = {
    image: { registry: "", repository, tag },
    crds: { install: !isDefined, keep: false },
    rbac: { scope: "namespace" },
    brokers: { default: { amqpUrl: `amqp://${host}`, existingSecret: "servers" } },
    gateway: {
      enabled: true,
      replicas: 1,
      allowUnauthenticatedAccess: true,
      amqp: { existingSecret: "servers" },
      database: { existingSecret: "servers" },
    },
    worker: { enabled: true, amqp: { existingSecret: "servers" } },
  };
  try {
    await command.install(values, { wait: true });
    return {
      how: "pods of the chart",
      ...(await imageSizes(kubectl, image)),
      measure: (component, { idleSeconds }) => measurePod(kubectl, component, idleSeconds),
      async stop() {
        await remove();
        await stop();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
};

type Kubectl = (...args: readonly string[]) => Promise<string>;

const imageSizes = async (kubectl: Kubectl, image: string) => {
  const nodes = JSON.parse(await kubectl("get", "nodes", "-o=json")) as {
    items: readonly {
      status: { images: readonly { names: readonly string[] | null; sizeBytes: number }[] };
    }[];
  };
  const images = nodes.items.flatMap(({ status }) => status.images);
  const bytesOf = (name: string) => images.find(({ names }) => names?.includes(name))?.sizeBytes;
  const [imageBytes, baseBytes] = [bytesOf(image), bytesOf("docker.io/library/node:24-slim")];
  return { ...(imageBytes !== undefined && { imageBytes }), ...(baseBytes !== undefined && { baseBytes }) };
};

const measurePod = async (kubectl: Kubectl, component: Component, idleSeconds: number): Promise<Sample> => {
  const selector = `--selector=app.kubernetes.io/component=${component}`;
  await kubectl("delete", "pods", selector, "--wait");
  await kubectl("rollout", "status", `deployment/${release}-millrace-${component}`, "--timeout=60s");
  const [pod = ""] = (await kubectl("get", "pods", selector, "-o=name")).split("\n");
  const read = (file: string): Promise<string> => kubectl("exec", pod, "--", "cat", `/proc/1/${file}`);
  const readyAt = await untilDefined(`${component} ready`, async () =>
    readyAtMs(component, await kubectl("logs", pod)),
  );
  const readyMs = readyAt - (await startedMs(await read("stat")));
  await wait(idleSeconds * 1_000);
  return { readyMs, rssBytes: rssBytesOf(await read("status")) };
};

/** Processes of the distribution as the image has it, with the image's environment. */
export const onProcesses = async (say: Say): Promise<Subjects> => {
  say("no cluster with nodes can be had here: measuring processes");
  const scope = await createRunScope();
  try {
    const servers = await startServers(scope);
    const application = join(scope.directory, "app");
    await mkdir(application);
    await run(
      join(checkout, "node_modules/.bin/tsc"),
      ["-p", "tsconfig.build.json", "--outDir", join(application, "dist")],
      { cwd: checkout },
    );
    const page = "src/console/page";
    await cp(join(checkout, page), join(application, "dist", page), { recursive: true });
    await cp(join(checkout, "bin"), join(application, "bin"), { recursive: true });
    await cp(join(checkout, "package.json"), join(application, "package.json"));
    await symlink(join(checkout, "node_modules"), join(application, "node_modules"));
    const controlPlane = await createControlPlane(scope, { say });
    await controlPlane.start();
    await controlPlane.kubectl("apply", "-f", join(checkout, "manifests/crds"));
    const { amqpUrl, databaseUrl } = servers;
    const own: Readonly<Record<Component, readonly string[]>> = {
      operator: [
        "--kubernetes",
        `--kubeconfig=${controlPlane.kubeconfig}`,
        "--lease-namespace=default",
        `--amqp-url=${amqpUrl.href}`,
        `--listen=${scope.address}:0`,
      ],
      gateway: [`--amqp-url=${amqpUrl.href}`, `--database-url=${databaseUrl.href}`, "--port=0"],
      worker: [`--amqp-url=${amqpUrl.href}`, `--metrics-host=${scope.address}`, "--metrics-port=0"],
    };
    return {
      how: "processes (the operator with a kubeconfig, for which it loads an SDK that a pod does not)",
      measure: (component, { idleSeconds }) =>
        measureProcess(scope, component, {
          idleSeconds,
          command: [join(application, "bin/millrace.mjs"), component, ...own[component]],
        }),
      stop: () => scope.stop(),
    };
  } catch (error) {
    await scope.stop();
    throw error;
  }
};

/** As in the Dockerfile. */
const imageEnvironment = {
  NODE_ENV: "production",
  NODE_OPTIONS: "--max-semi-space-size=1",
  NODE_DISABLE_COMPILE_CACHE: "1",
};

const measureProcess = async (
  scope: RunScope,
  component: Component,
  { idleSeconds, command }: { readonly idleSeconds: number; readonly command: readonly string[] },
): Promise<Sample> => {
  const name = `${component}-${performance.now().toFixed(0)}`;
  const env = { PATH: process.env["PATH"] ?? "", ...imageEnvironment };
  const program = scope.spawn(name, [process.execPath, ...command], { env });
  const read = (file: string): Promise<string> => readFile(`/proc/${program.child.pid}/${file}`, "utf8");
  const readyAt = await untilDefined(`${component} ready`, async () =>
    readyAtMs(component, await readFile(join(scope.directory, `${name}.log`), "utf8")),
  );
  const readyMs = readyAt - (await startedMs(await read("stat")));
  await wait(idleSeconds * 1_000);
  const rssBytes = rssBytesOf(await read("status"));
  await program.end(10_000);
  return { readyMs, rssBytes };
};
