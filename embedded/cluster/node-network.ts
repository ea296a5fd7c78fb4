import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { podControlGroups } from "./control-groups.ts";
import { network } from "./network-plan.ts";
import { bootId } from "./process-identity.ts";
import type { SystemCommands } from "./system-commands.ts";

/** The machine is not fit for a node: something else has what one needs. */
export class NodeNetworkError extends Error {
  override readonly name = "NodeNetworkError";
}

const tables = ["iptables", "ip6tables"] as const;
type Table = (typeof tables)[number];
const ours = /^-A FORWARD .*--comment millrace-cluster\b/;
/** What was changed, written before it is. */
const changesFile = (directory: string): string => join(directory, "network.json");
type Changes = { readonly bootId: string; readonly before: Readonly<Record<string, string>> };
const sysctls = ["net/ipv4/ip_forward", "net/bridge/bridge-nf-call-iptables"];

const save = async (table: Table, commands: SystemCommands): Promise<readonly string[]> =>
  (await commands.run(`${table}-save`)).split("\n");

const bridgeExists = (): boolean => existsSync(`/sys/class/net/${network.bridge}`);

/** What of a node's network is there: chains of a kube-proxy or kubelet, and the bridge. Empty when nothing is. */
export const networkRemains = async (commands: SystemCommands): Promise<readonly string[]> => {
  const rules = (await Promise.all(tables.map((table) => save(table, commands)))).flat();
  const chains = rules.filter((line) => line.startsWith(":KUBE-") || ours.test(line));
  return [...chains, ...(bridgeExists() ? [`bridge ${network.bridge}`] : [])];
};

const rememberAndSet = async (directory: string): Promise<void> => {
  const before: Record<string, string> = {};
  for (const name of sysctls) before[name] = (await readFile(`/proc/sys/${name}`, "utf8")).trim();
  await writeFile(changesFile(directory), JSON.stringify({ bootId: bootId(), before } satisfies Changes));
  for (const name of sysctls) await writeFile(`/proc/sys/${name}`, "1\n");
};

/** The bridge of the pods, with forwarding; refuses a machine where another cluster or network would be harmed. */
export const raiseNetwork = async (directory: string, commands: SystemCommands): Promise<void> => {
  const remains = [...(await networkRemains(commands)), ...(await podControlGroups())];
  if (remains.length > 0)
    throw new NodeNetworkError(
      `this machine already is a Kubernetes node (${remains[0]}): only one fits. Use that cluster by KUBECONFIG`,
    );
  const route = await commands.run("ip", "-4", "route", "show", "to", "match", network.bridgeAddress);
  const taken = route.split("\n").find((line) => line !== "" && !line.startsWith("default"));
  if (taken !== undefined)
    throw new NodeNetworkError(`this machine already has a route to ${network.pods}: ${taken.trim()}`);
  await commands.run("modprobe", "br_netfilter").catch(() => {}); // built in, or already there, or the next line says so
  await rememberAndSet(directory);
  await commands.run("ip", "link", "add", network.bridge, "type", "bridge");
  await commands.run("ip", "addr", "add", `${network.bridgeAddress}/24`, "dev", network.bridge);
  await commands.run("ip", "link", "set", network.bridge, "up");
  // Where Docker's own rules drop what is forwarded, pods would not reach each other by Service.
  const accept = ["-m", "comment", "--comment", "millrace-cluster", "-j", "ACCEPT"];
  for (const direction of ["-i", "-o"])
    await commands.run("iptables", "-w", "-I", "FORWARD", direction, network.bridge, ...accept);
};

/** Input of iptables-restore that removes our rules and the chains of kubelet and kube-proxy, and nothing else. */
export const removal = (saved: readonly string[]): string => {
  const output: string[] = [];
  let chains: string[] = [];
  for (const line of saved) {
    if (line.startsWith("*")) {
      chains = [];
      output.push(line);
    } else if (line.startsWith(":KUBE-")) {
      const [chain = ""] = line.slice(1).split(" ");
      chains.push(chain);
      output.push(`:${chain} - [0:0]`); // emptied
    } else if (ours.test(line) || /^-A (?!KUBE-).*-j KUBE-/.test(line)) {
      output.push(line.replace(/^-A/, "-D"));
    } else if (line === "COMMIT") {
      output.push(...chains.map((chain) => `-X ${chain}`), line);
    }
  }
  return `${output.join("\n")}\n`;
};

const remove = async (table: Table, commands: SystemCommands): Promise<void> => {
  const input = removal(await save(table, commands));
  const child = spawn(`${table}-restore`, ["-w", "--noflush"], {
    env: commands.env,
    stdio: ["pipe", "ignore", "inherit"],
  });
  child.stdin.end(input);
  await once(child, "close");
};

const readChanges = async (directory: string): Promise<Changes | undefined> => {
  const text = await readFile(changesFile(directory), "utf8").catch(() => undefined); // never raised
  return text === undefined ? undefined : (JSON.parse(text) as Changes);
};

/** True when this cluster changed the machine since it was started: what is there of a node is then this cluster's. */
export const raisedNetwork = async (directory: string): Promise<boolean> =>
  (await readChanges(directory))?.bootId === bootId();

/** Puts back what `raiseNetwork`, the kubelet and kube-proxy changed. */
export const lowerNetwork = async (directory: string, commands: SystemCommands): Promise<void> => {
  for (const table of tables) await remove(table, commands);
  if (bridgeExists()) await commands.run("ip", "link", "del", network.bridge);
  const before = (await readChanges(directory))?.before ?? {};
  for (const [name, value] of Object.entries(before)) await writeFile(`/proc/sys/${name}`, `${value}\n`);
};
