{{/* Matchers as an AlertmanagerConfig has them. Takes their texts, such as severity="critical". */}}
{{- define "millrace.alertMatchers" -}}
{{- $pattern := "^(\\w+)(=~|!~|!=|=)\"(.*)\"$" -}}
{{- range . }}
- {{ regexReplaceAll $pattern . "{ name: ${1}, matchType: \"${2}\", value: \"${3}\" }" }}
{{- end }}
{{- end -}}

{{/* A route with those below it. Takes it as Alertmanager's configuration has it. */}}
{{- define "millrace.alertRoute" -}}
receiver: {{ .receiver }}
{{- with .matchers }}
matchers:
  {{- include "millrace.alertMatchers" . | trim | nindent 2 }}
{{- end }}
{{- with .group_by }}
groupBy: {{ toJson . }}
{{- end }}
{{- with .group_wait }}
groupWait: {{ . }}
{{- end }}
{{- with .group_interval }}
groupInterval: {{ . }}
{{- end }}
{{- with .repeat_interval }}
repeatInterval: {{ . }}
{{- end }}
{{- if .continue }}
continue: true
{{- end }}
{{- with .routes }}
routes:
  {{- range . }}
  - {{ include "millrace.alertRoute" . | indent 4 | trim }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* What a receiver of the example does here; nothing without its Secret. Takes { values, receiver }. */}}
{{- define "millrace.alertReceiver" -}}
{{- $values := .values -}}
name: {{ .receiver.name }}
{{- if eq .receiver.name "millrace-on-call" }}
{{- with $values.onCall.existingSecret }}
webhookConfigs:
  - urlSecret: { name: {{ quote . }}, key: {{ quote $values.onCall.urlKey }} }
    sendResolved: true
{{- end }}
{{- else if eq .receiver.name "millrace-chat" }}
{{- with $values.chat.existingSecret }}
{{- $slack := first $.receiver.slack_configs }}
slackConfigs:
  - apiURL: { name: {{ quote . }}, key: {{ quote $values.chat.urlKey }} }
    channel: {{ $values.chat.channel | quote }}
    sendResolved: true
    title: {{ toJson $slack.title }}
    titleLink: {{ toJson $slack.title_link }}
    text: {{ toJson $slack.text }}
{{- end }}
{{- else if eq .receiver.name "millrace-mail" }}
{{- with $values.mail.to }}
emailConfigs:
  - to: {{ . | quote }}
    sendResolved: true
    {{- with $values.mail.from }}
    from: {{ . | quote }}
    {{- end }}
    {{- with $values.mail.smarthost }}
    smarthost: {{ . | quote }}
    {{- end }}
    {{- if $values.mail.existingSecret }}
    authUsername: {{ required "alertmanagerConfig.mail.username: needed with alertmanagerConfig.mail.existingSecret, the login at the mail server" $values.mail.username | quote }}
    authPassword: { name: {{ quote $values.mail.existingSecret }}, key: {{ quote $values.mail.passwordKey }} }
    {{- end }}
{{- end }}
{{- else }}
{{- fail (printf "the receiver %s of manifests/alertmanager has no values here" .receiver.name) }}
{{- end }}
{{- end -}}
