{{/* A rule with what the values change in it; nothing for an alert that is switched off. Takes { root, rule }. */}}
{{- define "millrace.rule" -}}
{{- $values := .root.Values.rules -}}
{{- $rule := deepCopy .rule -}}
{{- $change := dig ($rule.alert | default "") (dict) $values.alerts -}}
{{- if not $rule.alert -}}
{{- toYaml $rule -}}
{{- else if dig "enabled" true $change -}}
{{- $severity := $change.severity | default $rule.labels.severity -}}
{{- $_ := set $rule "for" ($change.for | default $rule.for) -}}
{{- /* What is absent has the labels that are asked for. The operator of another release is not this one, and without a namespace no AlertmanagerConfig of a namespace would be given the alert. */ -}}
{{- if hasPrefix "absent(" (trim $rule.expr) }}
{{- $_ := set $rule "expr" (replace "})" (printf ", namespace=%q})" .root.Release.Namespace) $rule.expr) -}}
{{- end }}
{{- $_ := set $rule "labels" (mergeOverwrite (dict) $values.alertLabels (dict "severity" $severity) ($change.labels | default dict)) -}}
{{- $_ := set $rule.annotations "runbook_url" (printf "%s/%s" $values.runbookBaseUrl $rule.annotations.runbook_url) -}}
{{- $_ := set $rule.annotations "dashboard_url" (printf "%s%s" (include "millrace.grafanaUrl" .root) $rule.annotations.dashboard_url) -}}
{{- toYaml $rule -}}
{{- end -}}
{{- end -}}

{{/* The groups of all rules, as a list. Takes the root. */}}
{{- define "millrace.ruleGroups" -}}
{{- $root := . -}}
{{- range $path, $_ := .Files.Glob "files/rules/*.yaml" }}
{{- range ($root.Files.Get $path | fromYaml).groups }}
- name: {{ .name }}
  interval: {{ .interval }}
  rules:
    {{- range .rules }}
    {{- $rule := include "millrace.rule" (dict "root" $root "rule" .) | fromYaml }}
    {{- if $rule }}
    - {{- toYaml $rule | nindent 6 }}
    {{- end }}
    {{- end }}
{{- end }}
{{- end }}
{{- end -}}
