import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { ConfigError } from "../../kit/src/config-error.ts";
import { parseResource } from "../resource/parse-resource.ts";
import type { ProcessPool } from "../resource/process-pool.ts";
import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";

export type LoadedResources = {
  readonly autoscalers: readonly WorkerAutoscaler[];
  readonly pools: readonly ProcessPool[];
};

type Found = { readonly place: string; readonly resource: WorkerAutoscaler | ProcessPool };

/**
 * Reads every document of the files and of the directories' .yaml, .yml and .json files (not of their subdirectories).
 * Throws a ConfigError that names each problem with its file, document and path.
 */
export async function loadResources(paths: readonly string[]): Promise<LoadedResources> {
  const problems: string[] = [];
  const found: Found[] = [];
  for (const file of await filesOf(paths, problems)) {
    const text = await readFile(file, "utf8").catch(
      (cause: unknown) => void problems.push(`${file}: ${messageOf(cause)}`),
    );
    if (text !== undefined) found.push(...parseFile(file, text, problems));
  }
  problems.push(...problemsBetween(found));
  const autoscalers = found.flatMap(({ resource }) =>
    resource.kind === "WorkerAutoscaler" ? [resource] : [],
  );
  if (autoscalers.length === 0 && problems.length === 0) {
    problems.push(
      `${paths.join(", ")}: no WorkerAutoscaler found; write one, or give the directory that holds it`,
    );
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    autoscalers,
    pools: found.flatMap(({ resource }) => (resource.kind === "ProcessPool" ? [resource] : [])),
  };
}

async function filesOf(paths: readonly string[], problems: string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    try {
      files.push(...((await stat(path)).isDirectory() ? await filesIn(path) : [path]));
    } catch (cause) {
      problems.push(`${path}: ${messageOf(cause)}`);
    }
  }
  return files;
}

async function filesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  return names
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .toSorted((a, b) => a.localeCompare(b))
    .map((name) => join(directory, name));
}

function parseFile(file: string, text: string, problems: string[]): Found[] {
  const documents = parseAllDocuments(text, { prettyErrors: true });
  return [...documents].flatMap((document, index) => {
    const place = documents.length === 1 ? file : `${file}, document ${index + 1}`;
    if (document.errors.length > 0) {
      problems.push(
        ...document.errors.map((error) => `${place}: ${error.message.split("\n")[0]?.replace(/:$/, "")}`),
      );
      return [];
    }
    const content: unknown = document.toJS();
    if (content === null || content === undefined) return [];
    const parsed = parseResource(content);
    if (parsed.kind === "resource") return [{ place, resource: parsed.resource }];
    problems.push(
      ...parsed.problems.map(({ path, message }) =>
        path === "" ? `${place}: ${message}` : `${place}: ${path}: ${message}`,
      ),
    );
    return [];
  });
}

/** What is wrong only because of what stands elsewhere. */
function problemsBetween(found: readonly Found[]): string[] {
  const objects = new Map<string, string>();
  const targets = new Map<string, string>();
  const pools = new Set(
    found.flatMap(({ resource }) => (resource.kind === "ProcessPool" ? [nameOf(resource)] : [])),
  );
  return found.flatMap(({ place, resource }) => [
    ...takenTwice(objects, nameOf(resource), place, "is described twice"),
    ...(resource.kind === "WorkerAutoscaler" ? targetProblems(resource, { place, targets, pools }) : []),
  ]);
}

function targetProblems(
  resource: WorkerAutoscaler,
  {
    place,
    targets,
    pools,
  }: { readonly place: string; readonly targets: Map<string, string>; readonly pools: ReadonlySet<string> },
): string[] {
  const { scaleTargetRef } = resource.spec;
  const target = `${scaleTargetRef.kind} ${resource.metadata.namespace}/${scaleTargetRef.name}`;
  const where = `${place}: spec.scaleTargetRef`;
  const problems = takenTwice(targets, target, where, "is scaled by two autoscalers");
  if (scaleTargetRef.kind !== "ProcessPool") {
    problems.push(
      `${where}.kind: read from files, an autoscaler scales a ProcessPool only, got ${scaleTargetRef.kind}; apply it to a cluster instead`,
    );
  } else if (!pools.has(target)) {
    problems.push(
      `${where}.name: no ${target} is described; add a ProcessPool document of that name and namespace`,
    );
  }
  return problems;
}

function takenTwice(taken: Map<string, string>, name: string, place: string, what: string): string[] {
  const first = taken.get(name);
  if (first === undefined) taken.set(name, place);
  return first === undefined ? [] : [`${place}: ${name} ${what}, first in ${first}`];
}

const nameOf = ({ kind, metadata }: WorkerAutoscaler | ProcessPool): string =>
  `${kind} ${metadata.namespace}/${metadata.name}`;
const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
