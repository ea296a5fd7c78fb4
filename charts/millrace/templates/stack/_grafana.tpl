{{/* The stack's Grafana, as stack/parts.yaml and stack/network-policies.yaml want it. Takes the root. */}}
{{- define "millrace.stack.grafana" -}}
{{- $name := printf "%s-grafana" (include "millrace.fullname" .) -}}
{{- $secret := include "millrace.grafanaSecret" . -}}
ports:
  http: 3000
reachedBy: everyone
reaches: [9090]
data: /var/lib/grafana
annotations:
  # Data sources are read at the start only, dashboards whenever they change.
  checksum/config: {{ include "millrace.stackGrafanaDatasources" . | sha256sum }}
container:
  env:
    {{- include "millrace.secretEnv" (dict "name" "GF_SECURITY_ADMIN_USER" "secret" $secret "key" "admin-user") | nindent 4 }}
    {{- include "millrace.secretEnv" (dict "name" "GF_SECURITY_ADMIN_PASSWORD" "secret" $secret "key" "admin-password") | nindent 4 }}
    - name: GF_AUTH_ANONYMOUS_ENABLED
      value: {{ .Values.stack.grafana.anonymousViewer | quote }}
    - name: GF_AUTH_ANONYMOUS_ORG_ROLE
      value: Viewer
    - name: GF_SERVER_ROOT_URL
      value: {{ include "millrace.grafanaUrl" . | quote }}
    - name: GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH
      value: /etc/grafana/dashboards/millrace-overview.json
    # It asks nobody outside for anything.
    - name: GF_ANALYTICS_REPORTING_ENABLED
      value: "false"
    - name: GF_ANALYTICS_CHECK_FOR_UPDATES
      value: "false"
    - name: GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES
      value: "false"
    - name: GF_PLUGINS_PREINSTALL_DISABLED
      value: "true"
    - name: GF_LOG_MODE
      value: console
  livenessProbe:
    httpGet:
      path: /api/health
      port: http
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 6
  readinessProbe:
    httpGet:
      path: /api/health
      port: http
    periodSeconds: 5
    timeoutSeconds: 5
  # At first it makes its database.
  startupProbe:
    httpGet:
      path: /api/health
      port: http
    periodSeconds: 5
    timeoutSeconds: 5
    failureThreshold: 60
mounts:
  - name: tmp
    mountPath: /tmp
  - name: datasources
    mountPath: /etc/grafana/provisioning/datasources
    readOnly: true
  - name: providers
    mountPath: /etc/grafana/provisioning/dashboards
    readOnly: true
  - name: dashboards
    mountPath: /etc/grafana/dashboards
    readOnly: true
volumes:
  - name: tmp
    emptyDir: {}
  - name: datasources
    configMap:
      name: {{ $name }}
      items: [{ key: datasources.yaml, path: millrace.yaml }]
  - name: providers
    configMap:
      name: {{ $name }}
      items: [{ key: dashboards.yaml, path: millrace.yaml }]
  - name: dashboards
    projected:
      sources:
        {{- range $path, $_ := .Files.Glob "files/dashboards/*.json" }}
        - configMap:
            name: {{ include "millrace.dashboardName" (dict "root" $ "path" $path) }}
        {{- else }}
        []
        {{- end }}
{{- end -}}

{{/* Its data source. Takes the root. */}}
{{- define "millrace.stackGrafanaDatasources" -}}
apiVersion: 1
datasources:
  - name: Prometheus
    uid: prometheus
    type: prometheus
    access: proxy
    url: http://{{ include "millrace.stackHost" (dict "root" . "component" "prometheus") }}:9090
    isDefault: true
    editable: false
    jsonData:
      httpMethod: POST
      timeInterval: {{ mulf .Values.prometheus.scrapeSeconds 1000 | int }}ms
{{- end -}}

{{/* Where it finds dashboards. */}}
{{- define "millrace.stackGrafanaProviders" -}}
apiVersion: 1
providers:
  - name: millrace
    orgId: 1
    folder: Millrace
    type: file
    disableDeletion: true
    allowUiUpdates: false
    updateIntervalSeconds: 30
    options:
      path: /etc/grafana/dashboards
{{- end -}}
