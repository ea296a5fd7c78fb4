import { parse, stringify } from "yaml";

type Definition = { readonly metadata: Readonly<Record<string, unknown>> };

/**
 * A custom resource definition as a template of the chart. It is no file of `crds/`, as Helm never upgrades those.
 *
 * @throws Error where the definition's own text would be taken for a template
 */
export function crdTemplateOf(definitionText: string): string {
  if (definitionText.includes("{{")) throw new Error("the definition contains {{, which Helm would evaluate");
  const { metadata, ...rest } = parse(definitionText) as Definition;
  const { apiVersion, kind, ...spec } = rest as Record<string, unknown>;
  return [
    "{{- if .Values.crds.install -}}",
    "# Made from manifests/crds by `npm run generate`; changes here are lost.",
    yaml({ apiVersion, kind }).trimEnd(),
    "metadata:",
    indented(yaml(metadata)),
    "  labels:",
    '    {{- include "millrace.labels" (dict "root" . "component" "crds") | nindent 4 }}',
    '  {{- with mergeOverwrite (dict) .Values.commonAnnotations (ternary (dict "helm.sh/resource-policy" "keep") (dict) .Values.crds.keep) }}',
    "  annotations:",
    "    {{- toYaml . | nindent 4 }}",
    "  {{- end }}",
    yaml(spec).trimEnd(),
    "{{- end }}",
    "",
  ].join("\n");
}

const yaml = (value: unknown): string => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

const indented = (text: string): string =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
