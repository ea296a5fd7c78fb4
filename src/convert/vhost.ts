import type { Trigger } from "./scaled-object.ts";

type Vhost = { readonly vhost: string; readonly isGuess: boolean };

/** The vhost of a trigger, as KEDA reads it: vhostName, else the last part of the host's path, else "/". */
export function vhostOf({ metadata }: Trigger): Vhost {
  const { vhostName, host } = metadata;
  if (vhostName !== undefined && vhostName !== "") return { vhost: vhostName, isGuess: false };
  if (host === undefined) return { vhost: "/", isGuess: true };
  const path = /^[a-z]+:\/\/[^/?#]*\/([^?#]*)/.exec(host)?.[1] ?? "";
  const last = path.split("/").findLast((part) => part !== "");
  return { vhost: last === undefined ? "/" : decoded(last), isGuess: false };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a bare % is a name too
  }
}
