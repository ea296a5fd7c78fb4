/** `npm run generate`: writes the dashboards from dashboards/source; the chart takes them from there. */
import { writeFileSync } from "node:fs";
import { dashboardFiles } from "./dashboard-files.ts";

for (const [path, content] of Object.entries(dashboardFiles())) {
  writeFileSync(new URL(`../${path}`, import.meta.url), content);
  console.log(`wrote ${path}`);
}
