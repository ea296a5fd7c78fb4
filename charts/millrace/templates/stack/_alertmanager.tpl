{{/* The stack's Alertmanager, as stack/parts.yaml and stack/network-policies.yaml want it. Takes the root. */}}
{{- define "millrace.stack.alertmanager" -}}
{{- $values := .Values.stack.alertmanager -}}
ports:
  http: 9093
reachedBy: release
# Receivers: webhooks and the chat, mail.
reaches: [443, 587]
data: /alertmanager
annotations:
  checksum/config: {{ include "millrace.stackAlertmanagerConfig" . | sha256sum }}
container:
  args:
    - --config.file=/etc/alertmanager/config/alertmanager.yml
    - --storage.path=/alertmanager
    # It has no peers.
    - --cluster.listen-address=
    - --web.external-url=http://localhost:9093
  livenessProbe:
    httpGet:
      path: /-/healthy
      port: http
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 6
  readinessProbe:
    httpGet:
      path: /-/ready
      port: http
    periodSeconds: 2
    timeoutSeconds: 5
mounts:
  - name: config
    mountPath: /etc/alertmanager/config
    readOnly: true
  {{- if $values.existingSecret }}
  - name: secrets
    mountPath: /etc/alertmanager/secrets
    readOnly: true
  {{- end }}
volumes:
  - name: config
    configMap:
      name: {{ include "millrace.fullname" . }}-alertmanager
  {{- with $values.existingSecret }}
  - name: secrets
    secret:
      secretName: {{ . }}
      defaultMode: 288 # 0440: the pod's group reads it
  {{- end }}
{{- end -}}

{{/* Its alertmanager.yml: as told, else the routes of the example with the receivers that are told. Takes the root. */}}
{{- define "millrace.stackAlertmanagerConfig" -}}
{{- $values := .Values.stack.alertmanager -}}
{{- if $values.config -}}
{{- toYaml $values.config -}}
{{- else -}}
{{- $example := .Files.Get "files/alertmanager/alertmanager.yaml" | fromYaml -}}
{{- $names := list -}}
{{- $receivers := list -}}
{{- range $example.receivers -}}
{{- $names = append $names .name -}}
{{- $receivers = append $receivers (merge (dict "name" .name) (get $values.receivers .name | default dict)) -}}
{{- end -}}
{{- range $name, $_ := $values.receivers -}}
{{- if not (has $name $names) -}}
{{- fail (printf "stack.alertmanager.receivers.%s: no route leads there; the receivers are %s" $name (join ", " $names)) -}}
{{- end -}}
{{- end -}}
{{- dict "route" $example.route "inhibit_rules" $example.inhibit_rules "receivers" $receivers | toYaml -}}
{{- end -}}
{{- end -}}
