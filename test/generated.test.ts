import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { chartFiles } from "../scripts/chart-files.ts";
import { dashboardFiles } from "../scripts/dashboard-files.ts";
import { generatedFiles } from "../scripts/generated-files.ts";

test.each(Object.entries({ ...generatedFiles(), ...dashboardFiles(), ...chartFiles() }))(
  "%s is what `npm run generate` writes",
  (path, content) => {
    expect(readFileSync(new URL(`../${path}`, import.meta.url), "utf8")).toBe(content);
  },
);
