{{/* The port of an address, or that of its scheme. */}}
{{- define "millrace.portOf" -}}
{{- $url := urlParse . -}}
{{- $port := regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) -}}
{{- $port | default (get (dict "amqp" "5672" "amqps" "5671" "http" "80" "https" "443") $url.scheme) -}}
{{- end -}}

{{/* Where the operator connects to: API server, brokers, Prometheus, their token servers; as JSON { items }. Takes the root. */}}
{{- define "millrace.operatorPorts" -}}
{{- $ports := .Values.networkPolicy.apiServerPorts -}}
{{- $servers := (include "millrace.brokersFile" . | fromYaml).brokers | default list -}}
{{- if include "millrace.prometheusUrl" . }}{{ $servers = append $servers (include "millrace.prometheusFile" . | fromYaml).prometheus }}{{ end -}}
{{- range $servers -}}
{{- range compact (list .url .amqpUrl .managementUrl (dig "credentials" "oauth2" "tokenUrl" "" .)) -}}
{{- $ports = append $ports (include "millrace.portOf" . | int) -}}
{{- end -}}
{{- end -}}
{{- $sorted := list -}}
{{- range $ports }}{{ $sorted = append $sorted (int .) }}{{ end -}}
{{- dict "items" ($sorted | uniq) | toJson -}}
{{- end -}}
