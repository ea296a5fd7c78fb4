import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { whileExclusive } from "./exclusive.ts";
import { identityOf, isAlive, type ProcessIdentity } from "./process-identity.ts";

/** Who a cluster belongs to. It is `kept` once `npm run cluster up` has ended: then it runs until `down`. */
export type Ownership = {
  readonly owner: ProcessIdentity | "kept";
  /** What a person would call the owner: its command line. */
  readonly what: string;
  readonly sinceMs: number;
  /** The cache folder's part where its records stand. */
  readonly directory: string;
};

export type Claim =
  | { readonly kind: "claimed" }
  /** It was somebody's who has died: it is now ours, and to be taken down first. */
  | { readonly kind: "orphan"; readonly left: Ownership }
  | { readonly kind: "kept" | "held"; readonly by: Ownership };

const exclusively = <T>(file: string, action: () => Promise<T>): Promise<T> =>
  whileExclusive({ name: `ownership-${file}`, who: `process ${process.pid}` }, action);

export const readOwnership = async (file: string): Promise<Ownership | undefined> => {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Ownership;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
};

const write = async (file: string, ownership: Ownership): Promise<void> => {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify(ownership));
  await rename(`${file}.new`, file);
};

const own = (directory: string): Ownership => {
  const owner = identityOf(process.pid);
  if (owner === undefined) throw new Error("/proc does not show this process");
  return {
    owner,
    what: process.argv.slice(1).join(" "),
    sinceMs: Date.now(),
    directory,
  };
};

/** Makes this process the owner, unless a living one, or a person, has the cluster. */
export const claim = (file: string, directory: string): Promise<Claim> =>
  exclusively(file, async () => {
    const by = await readOwnership(file);
    if (by !== undefined) {
      if (by.owner === "kept") return { kind: "kept", by };
      if (isAlive(by.owner)) return { kind: "held", by };
    }
    await write(file, own(directory));
    return by === undefined ? { kind: "claimed" } : { kind: "orphan", left: by };
  });

/** Takes a kept cluster, to end it. False when somebody else has it by now. */
export const claimKept = (file: string): Promise<boolean> =>
  exclusively(file, async () => {
    const by = await readOwnership(file);
    if (by?.owner !== "kept") return false;
    await write(file, own(by.directory));
    return true;
  });

/** From now on it runs until somebody ends it. */
export const keep = (file: string): Promise<void> =>
  exclusively(file, async () => {
    const by = await readOwnership(file);
    if (by !== undefined) await write(file, { ...by, owner: "kept" });
  });

export const release = (file: string): Promise<void> => exclusively(file, () => rm(file, { force: true }));

/** "process 4711 (vitest run), since 09:41:07" */
export const describeOwner = ({ owner, what, sinceMs }: Ownership): string => {
  const since = new Date(sinceMs).toLocaleTimeString("en-GB");
  return owner === "kept"
    ? `\`npm run cluster up\` of ${since}`
    : `process ${owner.pid} (${what}) since ${since}`;
};
