{{/* Name of the ConfigMap with a dashboard. Takes { root, path: of its file }. */}}
{{- define "millrace.dashboardName" -}}
{{- include "millrace.fullname" .root }}-{{ base .path | trimSuffix ".json" }}-dashboard
{{- end -}}

{{/* A dashboard, its links leading to the documents where rules.runbookBaseUrl says. Takes { root, path }. */}}
{{- define "millrace.dashboard" -}}
{{- .root.Files.Get .path | replace "http://localhost:9091" (.root.Values.rules.runbookBaseUrl | toJson | trimAll "\"") -}}
{{- end -}}
