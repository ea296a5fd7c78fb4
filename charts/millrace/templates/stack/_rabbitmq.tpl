{{/* The stack's RabbitMQ, one node, as stack/parts.yaml and stack/network-policies.yaml want it. Takes the root. */}}
{{- define "millrace.stack.rabbitmq" -}}
{{- $secret := include "millrace.rabbitmqSecret" . -}}
ports:
  amqp: 5672
  management: 15672
reachedBy: everyone
reaches: []
data: /var/lib/rabbitmq
pod:
  # The node is named after it, and its data after the node.
  hostname: rabbitmq
container:
  env:
    {{- include "millrace.secretEnv" (dict "name" "RABBITMQ_DEFAULT_USER" "secret" $secret "key" "username") | nindent 4 }}
    {{- include "millrace.secretEnv" (dict "name" "RABBITMQ_DEFAULT_PASS" "secret" $secret "key" "password") | nindent 4 }}
  livenessProbe:
    tcpSocket:
      port: amqp
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 6
  readinessProbe:
    tcpSocket:
      port: amqp
    periodSeconds: 5
    timeoutSeconds: 5
  startupProbe:
    tcpSocket:
      port: amqp
    periodSeconds: 5
    timeoutSeconds: 5
    failureThreshold: 60
mounts:
  - name: tmp
    mountPath: /tmp
volumes:
  - name: tmp
    emptyDir: {}
{{- end -}}
