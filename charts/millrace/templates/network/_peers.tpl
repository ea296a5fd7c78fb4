{{/* Who may reach a component, as JSON { items } of a NetworkPolicy's peers; empty items: everyone. Takes { root, component }. */}}
{{- define "millrace.peers" -}}
{{- $policy := .root.Values.networkPolicy -}}
{{- $peers := $policy.metricsFrom -}}
{{- $components := list -}}
{{- if eq .component "operator" -}}
{{- $components = append $components "test" -}}
{{- if .root.Values.gateway.showOperator }}{{ $components = append $components "gateway" }}{{ end -}}
{{- else if eq .component "gateway" -}}
{{- /* Jobs and metrics share its port. */}}
{{- $peers = ternary (concat $policy.gatewayFrom $policy.metricsFrom) list (not (empty $policy.gatewayFrom)) -}}
{{- end -}}
{{- if .root.Values.stack.enabled }}{{ $components = append $components "prometheus" }}{{ end -}}
{{- if $peers -}}
{{- range $components -}}
{{- $labels := include "millrace.selectorLabels" (dict "root" $.root "component" .) | fromYaml -}}
{{- $peers = append $peers (dict "podSelector" (dict "matchLabels" $labels)) -}}
{{- end -}}
{{- end -}}
{{- dict "items" ($peers | uniq) | toJson -}}
{{- end -}}
