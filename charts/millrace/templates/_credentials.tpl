{{/*
How the operator logs in to a broker or to Prometheus, as its files say it: which keys of a mounted Secret hold what.
Takes { of: the values of the one, folder: where its Secrets are mounted, secret: the name of that with the login }.
*/}}
{{- define "millrace.credentials" -}}
{{- $folder := printf "%s/credentials" .folder -}}
{{- with .of -}}
{{- if .external }}
external: true
{{- end }}
{{- if .oauth2 }}
oauth2:
  tokenUrl: {{ .oauth2.tokenUrl | quote }}
  {{- if .oauth2.clientId }}
  clientId: {{ .oauth2.clientId | quote }}
  {{- else }}
  clientIdFile: {{ $folder }}/{{ .oauth2.clientIdKey | default "clientId" }}
  {{- end }}
  clientSecretFile: {{ $folder }}/{{ .oauth2.clientSecretKey | default "clientSecret" }}
  {{- with .oauth2.scopes }}
  scopes:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .oauth2.audience }}
  audience: {{ . | quote }}
  {{- end }}
{{- else if .bearerTokenKey }}
bearerTokenFile: {{ $folder }}/{{ .bearerTokenKey }}
{{- else if $.secret }}
usernameFile: {{ $folder }}/{{ .usernameKey | default "username" }}
passwordFile: {{ $folder }}/{{ .passwordKey | default "password" }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The same for TLS. Takes { of, folder }. */}}
{{- define "millrace.tls" -}}
{{- $folder := printf "%s/tls" .folder -}}
{{- with .of.tls -}}
{{- range $file, $key := dict "caFile" .caKey "certFile" .certKey "keyFile" .keyKey }}
{{- if $key }}
{{ $file }}: {{ $folder }}/{{ $key }}
{{- end }}
{{- end }}
{{- with .serverName }}
serverName: {{ . | quote }}
{{- end }}
{{- if .insecureSkipVerify }}
insecureSkipVerify: true
{{- end }}
{{- end }}
{{- end -}}

{{/* What is mounted: the Secrets of brokers and Prometheus, as JSON { items: [{ name, secret, folder }] }. Takes the root. */}}
{{- define "millrace.mountedSecrets" -}}
{{- $items := list -}}
{{- range $name, $broker := include "millrace.brokers" . | fromJson -}}
{{- $folder := printf "/etc/millrace/brokers/%s" $name -}}
{{- with include "millrace.brokerSecret" $broker -}}
{{- $items = append $items (dict "name" (printf "broker-%s" $name) "secret" . "folder" (printf "%s/credentials" $folder)) -}}
{{- end -}}
{{- with ($broker.tls | default dict).existingSecret -}}
{{- $items = append $items (dict "name" (printf "broker-tls-%s" $name) "secret" . "folder" (printf "%s/tls" $folder)) -}}
{{- end -}}
{{- end -}}
{{- with .Values.prometheus.existingSecret -}}
{{- $items = append $items (dict "name" "prometheus" "secret" . "folder" "/etc/millrace/prometheus/credentials") -}}
{{- end -}}
{{- with .Values.prometheus.tls.existingSecret -}}
{{- $items = append $items (dict "name" "prometheus-tls" "secret" . "folder" "/etc/millrace/prometheus/tls") -}}
{{- end -}}
{{- dict "items" $items | toJson -}}
{{- end -}}

{{/* Where the workers' metrics are, by default in the stack's Prometheus. Takes the root. */}}
{{- define "millrace.prometheusUrl" -}}
{{- $stack := ternary (printf "http://%s:9090" (include "millrace.stackHost" (dict "root" . "component" "prometheus"))) "" .Values.stack.enabled -}}
{{- .Values.prometheus.url | default $stack -}}
{{- end -}}

{{/* The operator's Prometheus file. Takes the root. */}}
{{- define "millrace.prometheusFile" -}}
{{- $folder := "/etc/millrace/prometheus" -}}
{{- with .Values.prometheus -}}
prometheus:
  url: {{ include "millrace.prometheusUrl" $ | quote }}
  scrapeIntervalSeconds: {{ .scrapeSeconds }}
  {{- with include "millrace.credentials" (dict "of" . "folder" $folder "secret" .existingSecret) }}
  credentials:
    {{- . | nindent 4 }}
  {{- end }}
  {{- with include "millrace.tls" (dict "of" . "folder" $folder) }}
  tls:
    {{- . | nindent 4 }}
  {{- end }}
  {{- with .headers }}
  headers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .matchers }}
  matchers: {{ . | quote }}
  {{- end }}
  {{- with .labels }}
  labels:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}
