import { readFileSync } from "node:fs";
import { stringify } from "yaml";
import { customResourceDefinition } from "../src/resource/custom-resource-definition.ts";
import { alertsPage } from "./alerts-page.ts";
import { metricsPage } from "./metrics-page.ts";
import { referencePage } from "./reference-page.ts";

const example = new URL("../manifests/samples/minimal.yaml", import.meta.url);

/** Files that are made from the schema of the custom resource and from the metrics: path from the root of the repository, and content. */
export function generatedFiles(): Readonly<Record<string, string>> {
  const definition = customResourceDefinition();
  const yaml = stringify(definition, { lineWidth: 0, aliasDuplicateObjects: false });
  return {
    [`manifests/crds/${definition.metadata.name}.yaml`]: `# Made from src/resource by \`npm run generate\`; changes here are lost.\n${yaml}`,
    "docs/alerts.md": alertsPage(),
    "docs/metrics.md": metricsPage(),
    "docs/worker-autoscaler.md": referencePage(readFileSync(example, "utf8")),
  };
}
