import { readdirSync, readFileSync } from "node:fs";
import { chartValuesOf } from "./chart/chart-values.ts";
import { crdTemplateOf } from "./chart/crd-template.ts";
import { valuesSchemaOf } from "./chart/values-schema.ts";
import { valuesTableOf } from "./chart/values-table.ts";

const repository = new URL("../", import.meta.url);
const CHART = "charts/millrace";
const BEGIN = "<!-- Made from values.yaml by `npm run generate`; changes below are lost. -->\n";

/** Files of the chart that are made from others: path from the root of the repository, and content. */
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
  };
}

const read = (path: string): string => readFileSync(new URL(path, repository), "utf8");
