{{/* What the operator may do in a namespace with autoscalers: what it does, and nothing else. Takes the root. */}}
{{- define "millrace.rules" -}}
- apiGroups: [millrace.dev]
  resources: [workerautoscalers]
  verbs: [list, watch]
- apiGroups: [millrace.dev]
  resources: [workerautoscalers/status]
  verbs: [patch]
# The targets and their pods. A pod is read and patched for its deletion cost.
- apiGroups: [apps]
  resources: [deployments, statefulsets, replicasets]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, patch]
- apiGroups: [apps]
  resources: [deployments/scale, statefulsets/scale, replicasets/scale]
  verbs: [get, patch]
{{- range .Values.rbac.extraScaleTargets }}
- apiGroups: [{{ .apiGroup }}]
  resources: [{{ .resource }}/scale]
  verbs: [get, patch]
{{- end }}
# Who else scales a target: the operator then leaves it alone.
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [list, watch]
- apiGroups: [keda.sh]
  resources: [scaledobjects]
  verbs: [list, watch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
{{- end -}}
