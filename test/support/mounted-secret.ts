import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

export type MountedSecret = {
  path(key: string): string;
  /** Replaces all keys at once. */
  replace(data: Readonly<Record<string, string>>): Promise<void>;
};

/** A folder as the kubelet mounts a Secret: files are links into `..data`, which is a link that is swapped as a whole. */
export const mountSecret = async (
  directory: string,
  data: Readonly<Record<string, string>>,
): Promise<MountedSecret> => {
  const folder = await mkdtemp(join(directory, "secret-"));
  let last: string | undefined;
  let versions = 0;
  const replace = async (next: Readonly<Record<string, string>>): Promise<void> => {
    const version = `..version-${++versions}`;
    await mkdir(join(folder, version));
    for (const [key, value] of Object.entries(next)) await writeFile(join(folder, version, key), value);
    await symlink(version, join(folder, "..data_tmp"));
    await rename(join(folder, "..data_tmp"), join(folder, "..data"));
    if (last !== undefined) await rm(join(folder, last), { recursive: true });
    last = version;
  };
  await replace(data);
  for (const key of Object.keys(data)) await symlink(join("..data", key), join(folder, key));
  return { path: (key) => join(folder, key), replace };
};
