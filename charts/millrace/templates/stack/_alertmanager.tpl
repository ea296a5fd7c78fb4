{{/* The stack's Alertmanager, as stack/parts.yaml and stack/network-policies.yaml want it. Takes the root. */}}
{{- define "millrace.stack.alertmanager" -}}
{{- $values := .Values.stack.alertmanager -}}
ports:
  http: 9093
reachedBy: release
reaches: {{ include "millrace.receiverPorts" . }}
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

{{/* Its alertmanager.yml: as told, else the routes and texts of the example with the receivers that are told. Takes the root. */}}
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
{{- $told := deepCopy (get $values.receivers .name | default dict) -}}
{{- range $slack := .slack_configs -}}
{{- range $told.slack_configs }}{{ $_ := merge . (pick $slack "title" "title_link" "text") }}{{ end -}}
{{- end -}}
{{- $receivers = append $receivers (merge (dict "name" .name) $told) -}}
{{- end -}}
{{- range $name, $_ := $values.receivers -}}
{{- if not (has $name $names) -}}
{{- fail (printf "stack.alertmanager.receivers.%s: no route leads there; the receivers are %s" $name (join ", " $names)) -}}
{{- end -}}
{{- end -}}
{{- $route := $example.route -}}
{{- with include "millrace.heartbeat" . | default "{}" | fromJson -}}
{{- $receivers = append $receivers (dict "name" "millrace-heartbeat" "webhook_configs" (list .)) -}}
{{- $beat := dict "matchers" (list "alertname=\"Watchdog\"") "receiver" "millrace-heartbeat" "group_wait" "0s" "group_interval" "1m" "repeat_interval" "1m" -}}
{{- $_ := set $route "routes" (prepend $route.routes $beat) -}}
{{- end -}}
{{- dict "route" $route "inhibit_rules" $example.inhibit_rules "receivers" $receivers | toYaml -}}
{{- end -}}
{{- end -}}

{{/* Where its receivers listen: by their addresses, https where a file has them, and as told; as JSON. Takes the root. */}}
{{- define "millrace.receiverPorts" -}}
{{- $config := include "millrace.stackAlertmanagerConfig" . -}}
{{- $ports := list 443 -}}
{{- range regexFindAll "https?://[^/\\s\"']+" $config -1 -}}
{{- $ports = append $ports (include "millrace.portOf" . | int) -}}
{{- end -}}
{{- range regexFindAll "smarthost: \\S+:[0-9]+" $config -1 -}}
{{- $ports = append $ports (regexFind "[0-9]+$" . | int) -}}
{{- end -}}
{{- range .Values.networkPolicy.receiverPorts }}{{ $ports = append $ports (int .) }}{{ end -}}
{{- $ports | uniq | toJson -}}
{{- end -}}

{{/* The webhook that misses what does not come, as JSON; empty: none. Takes the root. */}}
{{- define "millrace.heartbeat" -}}
{{- $values := .Values.stack.alertmanager -}}
{{- with $values.heartbeat -}}
{{- $addresses := dict "url" .url "url_file" .urlFile -}}
{{- range $key, $address := $addresses }}{{ if not $address }}{{ $_ := unset $addresses $key }}{{ end }}{{ end -}}
{{- if and $addresses $values.enabled -}}
{{- if $values.config }}{{ fail "stack.alertmanager.heartbeat: not with stack.alertmanager.config, whose routes are its own" }}{{ end -}}
{{- /* When Prometheus goes, Alertmanager calls the alert resolved: that is no heartbeat. */ -}}
{{- merge $addresses (dict "send_resolved" false) | toJson -}}
{{- end -}}
{{- end -}}
{{- end -}}
