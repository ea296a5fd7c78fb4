{{/* One endpoint of a ServiceMonitor or PodMonitor. Takes { root, port }. */}}
{{- define "millrace.scrapeEndpoint" -}}
- port: {{ .port }}
  interval: {{ .root.Values.monitoring.interval }}
  # The operator's series name the namespace of the target, not its own.
  honorLabels: true
  {{- with .root.Values.monitoring.relabelings }}
  relabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .root.Values.monitoring.metricRelabelings }}
  metricRelabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* The components that run, with the name of the port of their metrics, as JSON. Takes the root. */}}
{{- define "millrace.scraped" -}}
{{- $scraped := dict "operator" "http-metrics" -}}
{{- if .Values.gateway.enabled }}{{ $_ := set $scraped "gateway" "http" }}{{ end -}}
{{- if .Values.worker.enabled }}{{ $_ := set $scraped "worker" "http-metrics" }}{{ end -}}
{{- toJson $scraped -}}
{{- end -}}

{{/* Labels of a monitor. Takes { root, component }. */}}
{{- define "millrace.monitorMetadata" -}}
{{- include "millrace.clusterMetadata" (dict "root" .root "component" .component "name" (printf "%s-%s" (include "millrace.fullname" .root) .component)) }}
{{- with .root.Values.monitoring.labels }}
{{ toYaml . | indent 2 }}
{{- end }}
namespace: {{ .root.Release.Namespace }}
{{- end -}}
