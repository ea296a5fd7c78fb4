{{/* Names of the stack's parts that run, as JSON { items }. Takes the root. */}}
{{- define "millrace.stackParts" -}}
{{- $stack := .Values.stack -}}
{{- $items := list -}}
{{- if $stack.enabled -}}
{{- $items = append $items "prometheus" -}}
{{- if $stack.alertmanager.enabled }}{{ $items = append $items "alertmanager" }}{{ end -}}
{{- if $stack.grafana.enabled }}{{ $items = append $items "grafana" }}{{ end -}}
{{- if $stack.rabbitmq.enabled }}{{ $items = append $items "rabbitmq" }}{{ end -}}
{{- end -}}
{{- dict "items" $items | toJson -}}
{{- end -}}

{{/* Takes { root, component }. */}}
{{- define "millrace.stackHost" -}}
{{- include "millrace.fullname" .root }}-{{ .component }}.{{ .root.Release.Namespace }}.svc
{{- end -}}

{{/* The Secret with the login of the stack's broker; empty where it does not run. Takes the root. */}}
{{- define "millrace.rabbitmqSecret" -}}
{{- if and .Values.stack.enabled .Values.stack.rabbitmq.enabled -}}
{{- .Values.stack.rabbitmq.existingSecret | default (printf "%s-rabbitmq" (include "millrace.fullname" .)) -}}
{{- end -}}
{{- end -}}

{{/* The Secret with the login of the stack's Grafana. Takes the root. */}}
{{- define "millrace.grafanaSecret" -}}
{{- .Values.stack.grafana.existingSecret | default (printf "%s-grafana" (include "millrace.fullname" .)) -}}
{{- end -}}

{{/* The password in a Secret of an earlier installation, else a new one. Takes { root, name, key }. */}}
{{- define "millrace.keptPassword" -}}
{{- $existing := lookup "v1" "Secret" .root.Release.Namespace .name | default dict -}}
{{- with get ($existing.data | default dict) .key }}{{ b64dec . }}{{ else }}{{ randAlphaNum 24 }}{{ end -}}
{{- end -}}

{{/* Where people find Grafana: as told, else behind the port-forward of the notes. Takes the root. */}}
{{- define "millrace.grafanaUrl" -}}
{{- $forwarded := ternary "http://localhost:3000" "" (and .Values.stack.enabled .Values.stack.grafana.enabled) -}}
{{- .Values.rules.grafanaUrl | default $forwarded -}}
{{- end -}}

{{/* A password outlives the chart with the data that knows it. Takes the values of a part. */}}
{{- define "millrace.keepWithData" -}}
{{- if .persistence.enabled }}helm.sh/resource-policy: keep{{ end -}}
{{- end -}}
