import { readdirSync, readFileSync } from "node:fs";
import { DOCUMENTS } from "../dashboards/source/links.ts";
import { chartValuesOf } from "./chart/chart-values.ts";
import { crdTemplateOf } from "./chart/crd-template.ts";
import { valuesSchemaOf } from "./chart/values-schema.ts";
import { valuesTableOf } from "./chart/values-table.ts";

const repository = new URL("../", import.meta.url);
const CHART = "charts/millrace";
const GRAFANA_URL = "http://localhost:3000";
const BEGIN = "<!-- Made from values.yaml by `npm run generate`; changes below are lost. -->\n";

/** Files of the chart and of compose.yaml that are made from others: path from the root of the repository, and content. */
export function chartFiles(): Readonly<Record<string, string>> {
  const values = chartValuesOf(read(`${CHART}/values.yaml`));
  const [readme] = read(`${CHART}/README.md`).split(BEGIN);
  const filesIn = (folder: string, end: string) =>
    readdirSync(new URL(folder, repository)).filter((file) => file.endsWith(end));
  const yamlOf = (folder: string) => filesIn(folder, ".yaml");
  return {
    [`${CHART}/values.schema.json`]: valuesSchemaOf(values),
    [`${CHART}/README.md`]: `${readme}${BEGIN}\n${valuesTableOf(values)}`,
    ...Object.fromEntries(
      yamlOf("manifests/crds").map((file) => [
        `${CHART}/templates/crds/${file}`,
        crdTemplateOf(read(`manifests/crds/${file}`)),
      ]),
    ),
    // Files outside the chart's folder are out of Helm's reach.
    ...Object.fromEntries(
      ["rules", "alertmanager"].flatMap((folder) =>
        yamlOf(`manifests/${folder}`).map((file) => [
          `${CHART}/files/${folder}/${file}`,
          read(`manifests/${folder}/${file}`),
        ]),
      ),
    ),
    ...Object.fromEntries(
      filesIn("dashboards", ".json").map((file) => [
        `${CHART}/files/dashboards/${file}`,
        read(`dashboards/${file}`),
      ]),
    ),
    ...Object.fromEntries(
      yamlOf("manifests/rules").map((file) => [
        `compose/rules/${file}`,
        composeRulesOf(file, read(`manifests/rules/${file}`)),
      ]),
    ),
  };
}

/** The chart's templates put addresses before these paths; compose.yaml has no templates. */
const composeRulesOf = (file: string, rules: string): string =>
  `# Made from manifests/rules/${file} by \`npm run generate\`; changes here are lost.\n${rules}`
    .replaceAll(/(?<=runbook_url: )(?=docs\/)/g, `${DOCUMENTS}/`)
    .replaceAll(/(?<=dashboard_url: "?)(?=\/d\/)/g, GRAFANA_URL);

const read = (path: string): string => readFileSync(new URL(path, repository), "utf8");
