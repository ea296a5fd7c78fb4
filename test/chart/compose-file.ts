import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

export const repository = fileURLToPath(new URL("../../", import.meta.url));

export type ComposeService = {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck: { readonly test: readonly string[] };
  readonly user?: string;
  readonly read_only?: boolean;
};

type ComposeFile = {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, object | null>>;
};

export const readText = (path: string): string => readFileSync(`${repository}${path}`, "utf8");

/** compose.yaml as it is written, with each ${NAME:-preset} as its preset. */
export const composeFile = (): ComposeFile => {
  const text = readText("compose.yaml").replaceAll(/\$\{[A-Z_]+:-([^}]*)\}/g, "$1");
  return parse(text, { merge: true }) as ComposeFile;
};
