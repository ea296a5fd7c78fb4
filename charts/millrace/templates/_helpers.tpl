{{/* Prefix of the names of objects. */}}
{{- define "millrace.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What tells the pods of one component from all others; never changes. Takes { root, component }. */}}
{{- define "millrace.selectorLabels" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Takes { root, component }. */}}
{{- define "millrace.labels" -}}
{{- include "millrace.selectorLabels" . }}
app.kubernetes.io/part-of: millrace
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Name, namespace, labels and annotations of an object. Takes { root, component, name?, annotations? }. */}}
{{- define "millrace.metadata" -}}
name: {{ .name | default (printf "%s-%s" (include "millrace.fullname" .root) .component) }}
namespace: {{ .namespace | default .root.Release.Namespace }}
labels:
  {{- include "millrace.labels" . | nindent 2 }}
{{- with mergeOverwrite (dict) .root.Values.commonAnnotations (.annotations | default dict) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Takes { root, image?: other than the chart's own }. */}}
{{- define "millrace.image" -}}
{{- $image := .image | default .root.Values.image -}}
{{- $registry := .root.Values.global.imageRegistry | default $image.registry -}}
{{- if $registry }}{{ $registry }}/{{ end }}{{ $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default .root.Chart.AppVersion }}{{ end }}
{{- end -}}

{{- define "millrace.serviceAccountName" -}}
{{- if .Values.operator.serviceAccount.create -}}
{{- .Values.operator.serviceAccount.name | default (printf "%s-operator" (include "millrace.fullname" .)) -}}
{{- else -}}
{{- required "operator.serviceAccount.name: needed where operator.serviceAccount.create is false" .Values.operator.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* Labels and annotations of a component's pods. Takes { root, component, values, port?: of its metrics, annotations? }. */}}
{{- define "millrace.podMetadata" -}}
labels:
  {{- include "millrace.labels" . | nindent 2 }}
  {{- with .values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- $scrape := dict -}}
{{- if and .port (eq .root.Values.monitoring.scrape "Annotations") -}}
{{- $scrape = dict "prometheus.io/scrape" "true" "prometheus.io/port" (toString .port) "prometheus.io/path" "/metrics" -}}
{{- end -}}
{{- with mergeOverwrite (dict) $scrape .root.Values.commonAnnotations (.annotations | default dict) (.values.podAnnotations | default dict) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* What all pods have in common, and where they run. Takes { root, component, values, spread }. */}}
{{- define "millrace.podSpec" -}}
{{- with .root.Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with mergeOverwrite (dict) .root.Values.podSecurityContext (.values.podSecurityContext | default dict) }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
enableServiceLinks: false
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .values.affinity }}
affinity:
  {{- toYaml .values.affinity | nindent 2 }}
{{- else if .spread }}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "millrace.selectorLabels" . | nindent 14 }}
{{- end }}
{{- if and .spread .values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- $selector := dict "matchLabels" (include "millrace.selectorLabels" . | fromYaml) }}
  {{- range .values.topologySpreadConstraints }}
  - {{- merge (dict "labelSelector" $selector) . | toYaml | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* What all containers have in common. Takes { root, values, image? }. */}}
{{- define "millrace.container" -}}
image: {{ include "millrace.image" . | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
{{- with .root.Values.containerSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* An environment variable from a key of a Secret. Takes { name, secret, key }. */}}
{{- define "millrace.secretEnv" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end -}}

{{/* Namespaces in which the operator works, as JSON { items }; empty items: all. */}}
{{- define "millrace.watchNamespaces" -}}
{{- if eq .Values.rbac.scope "namespace" -}}
{{- dict "items" (.Values.rbac.watchNamespaces | default (list .Release.Namespace)) | toJson -}}
{{- else -}}
{{- if .Values.rbac.watchNamespaces -}}
{{- fail "rbac.watchNamespaces: only with rbac.scope=namespace" -}}
{{- end -}}
{{- dict "items" list | toJson -}}
{{- end -}}
{{- end -}}

{{/* Name, annotations and, last so that more can follow, labels of a cluster-wide object. Takes { root, component, name }. */}}
{{- define "millrace.clusterMetadata" -}}
name: {{ .name }}
{{- with .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
labels:
  {{- include "millrace.labels" . | nindent 2 }}
{{- end -}}
