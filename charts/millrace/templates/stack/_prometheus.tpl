{{/* The stack's Prometheus, as stack/parts.yaml and stack/network-policies.yaml want it. Takes the root. */}}
{{- define "millrace.stack.prometheus" -}}
ports:
  http: 9090
reachedBy: release
reaches: [8080, 9090, 9091, 9093{{ range .Values.stack.prometheus.workers }}, {{ .port }}{{ end }}]
data: /prometheus
container:
  args:
    - --config.file=/etc/prometheus/config/prometheus.yml
    - --storage.tsdb.path=/prometheus
    - --storage.tsdb.retention.time={{ .Values.stack.prometheus.retention }}
    # In the links of alerts: where the notes' port-forward leads.
    - --web.external-url=http://localhost:9090
    # A changed ConfigMap counts without a restart, which would lose what lies on an emptyDir. Before 3.0 there is none of that:
    # it only warns. Exemplars are the dashboards' points of single jobs.
    - --enable-feature=auto-reload-config,exemplar-storage
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
  # At first it reads again what it had in memory.
  startupProbe:
    httpGet:
      path: /-/ready
      port: http
    periodSeconds: 2
    timeoutSeconds: 5
    failureThreshold: 300
mounts:
  - name: config
    mountPath: /etc/prometheus/config
    readOnly: true
volumes:
  - name: config
    configMap:
      name: {{ include "millrace.fullname" . }}-prometheus
{{- end -}}

{{/* Its prometheus.yml. Takes the root. */}}
{{- define "millrace.stackPrometheusConfig" -}}
{{- $services := dict "operator" "operator-all" "gateway" "gateway-all" "worker" "worker" -}}
{{- $ports := dict "operator" 9090 "gateway" 8080 "worker" 9091 -}}
global:
  scrape_interval: {{ mulf .Values.prometheus.scrapeSeconds 1000 | int }}ms
rule_files: [/etc/prometheus/config/rules.yml]
{{- if .Values.stack.alertmanager.enabled }}
alerting:
  alertmanagers:
    - static_configs:
        - targets: ["{{ include "millrace.stackHost" (dict "root" . "component" "alertmanager") }}:9093"]
{{- end }}
scrape_configs:
  {{- range $component, $_ := include "millrace.scraped" . | fromJson }}
  {{- $service := include "millrace.stackHost" (dict "root" $ "component" (get $services $component)) }}
  - job_name: {{ $component }}
    {{- include "millrace.stackScrape" (dict "root" $ "targets" (list (dict "service" $service "port" (get $ports $component)))) | nindent 4 }}
  {{- end }}
  {{- with .Values.stack.prometheus.workers }}
  - job_name: workers
    {{- include "millrace.stackScrape" (dict "root" $ "targets" .) | nindent 4 }}
  {{- end }}
{{- end -}}

{{/*
How the pods behind headless Services are scraped. Takes { root, targets: [{ service, port }] }.
The names are whole: where a Service has no pod, search domains would be asked too, and their failure would keep the pods that left.
*/}}
{{- define "millrace.stackScrape" -}}
# The operator's series name the namespace of the target, not its own.
honor_labels: true
dns_sd_configs:
  {{- range .targets }}
  - names: ["{{ .service }}.{{ $.root.Values.stack.clusterDomain }}."]
    type: A
    port: {{ .port }}
    refresh_interval: 5s
  {{- end }}
relabel_configs:
  - source_labels: [__meta_dns_name]
    regex: '[^.]+\.([^.]+)\.svc.*'
    target_label: namespace
{{- end -}}
