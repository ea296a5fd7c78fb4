/** The second half of `npm run generate`: the chart's files made from values.yaml and manifests/crds. */
import { mkdirSync, writeFileSync } from "node:fs";
import { chartFiles } from "./chart-files.ts";

for (const [path, content] of Object.entries(chartFiles())) {
  const file = new URL(`../${path}`, import.meta.url);
  mkdirSync(new URL(".", file), { recursive: true });
  writeFileSync(file, content);
  console.log(`wrote ${path}`);
}
