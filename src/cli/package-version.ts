import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** The version of this package, from its own package.json: the same path from the sources and from dist. */
export function packageVersion(): string {
  const path = createRequire(import.meta.url).resolve("@millrace/server/package.json");
  const manifest: unknown = JSON.parse(readFileSync(path, "utf8"));
  const hasVersion = typeof manifest === "object" && manifest !== null && "version" in manifest;
  return hasVersion && typeof manifest.version === "string" ? manifest.version : "unknown";
}
