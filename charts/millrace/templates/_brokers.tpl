{{/* The Secret with a broker's user name and password. Takes the broker. */}}
{{- define "millrace.brokerSecret" -}}
{{- if .existingSecret -}}{{ .existingSecret }}
{{- else if .rabbitmqCluster -}}{{ .rabbitmqCluster.name }}-default-user
{{- end -}}
{{- end -}}

{{/* The brokers by name: those of the values, and the stack's as "default" unless they have one. JSON; takes the root. */}}
{{- define "millrace.brokers" -}}
{{- $brokers := deepCopy .Values.brokers -}}
{{- $secret := include "millrace.rabbitmqSecret" . -}}
{{- if and $secret (not (hasKey $brokers "default")) -}}
{{- $host := include "millrace.stackHost" (dict "root" . "component" "rabbitmq") -}}
{{- $_ := set $brokers "default" (dict "amqpUrl" (printf "amqp://%s:5672" $host) "managementUrl" (printf "http://%s:15672" $host) "existingSecret" $secret) -}}
{{- end -}}
{{- toJson $brokers -}}
{{- end -}}

{{/* The operator's brokers file. Secrets are mounted below /etc/millrace/brokers/NAME. Takes the root. */}}
{{- define "millrace.brokersFile" -}}
{{- $namespace := .Release.Namespace -}}
brokers:
{{- range $name, $broker := include "millrace.brokers" . | fromJson }}
  {{- $folder := printf "/etc/millrace/brokers/%s" $name }}
  {{- $cluster := $broker.rabbitmqCluster | default dict }}
  {{- $secure := and $cluster.name $cluster.tls }}
  {{- $host := printf "%s.%s.svc" ($cluster.name | default "") ($cluster.namespace | default $namespace) }}
  {{- $amqpUrl := $broker.amqpUrl | default (printf "%s://%s:%s" (ternary "amqps" "amqp" (not (not $secure))) $host (ternary "5671" "5672" (not (not $secure)))) }}
  {{- $managementUrl := $broker.managementUrl | default (ternary (printf "%s://%s:%s" (ternary "https" "http" (not (not $secure))) $host (ternary "15671" "15672" (not (not $secure)))) "" (not (not $cluster.name))) }}
  - name: {{ $name }}
    amqpUrl: {{ $amqpUrl | quote }}
    {{- with $managementUrl }}
    managementUrl: {{ . | quote }}
    {{- end }}
    {{- with include "millrace.credentials" (dict "of" $broker "folder" $folder "secret" (include "millrace.brokerSecret" $broker)) }}
    credentials:
      {{- . | nindent 6 }}
    {{- end }}
    {{- with include "millrace.tls" (dict "of" $broker "folder" $folder) }}
    tls:
      {{- . | nindent 6 }}
    {{- end }}
    {{- with $broker.allowedNamespaces }}
    allowedNamespaces:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- with $broker.allowedVhosts }}
    allowedVhosts:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- with $broker.maxDeclaresPerSecond }}
    maxDeclaresPerSecond: {{ . }}
    {{- end }}
    {{- with $broker.statisticsIntervalSeconds }}
    statisticsIntervalSeconds: {{ . }}
    {{- end }}
{{- end }}
{{- end -}}
