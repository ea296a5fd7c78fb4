import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { goCommand } from "../../../embedded/cluster/go-build.ts";

const run = promisify(execFile);

/** Where the sources of a Go module are, fetched into Go's own cache where they are not there yet. `path@version`. */
export const moduleFolder = async (module: string): Promise<string> => {
  const env = { ...process.env, GOFLAGS: "", GOTOOLCHAIN: "local", GOWORK: "off" };
  const { stdout } = await run(goCommand(process.env) ?? "go", ["mod", "download", "-json", module], { env });
  return (JSON.parse(stdout) as { readonly Dir: string }).Dir;
};
