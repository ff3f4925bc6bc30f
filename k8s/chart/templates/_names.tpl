{{/* Prefix of everything but the scheduler's own objects. */}}
{{- define "ce.name" -}}
{{- if contains "carbon-extender" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-carbon-extender" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "ce.labels" -}}
app.kubernetes.io/name: carbon-extender
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/part-of: carbon-extender
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* Labels that select pods; never changed after the first install. */}}
{{- define "ce.selector" -}}
app.kubernetes.io/name: carbon-extender
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The image of a program; ingestionApi.image and processingService.image override it where they are set. */}}
{{- define "ce.image" -}}
{{- $image := index .root.Values.images .name -}}
{{- $service := ternary .root.Values.ingestionApi .root.Values.processingService (eq .name "extender") -}}
{{ $service.image.repository | default $image.repository }}:{{ $service.image.tag | default $image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{/* The cluster's version without what a provider appends to it. */}}
{{- define "ce.schedulerImage" -}}
{{- $image := .Values.images.scheduler -}}
{{ $image.repository }}:{{ $image.tag | default (regexFind "^v[0-9]+\\.[0-9]+\\.[0-9]+" .Capabilities.KubeVersion.Version) }}
{{- end }}

{{- define "ce.podSecurity" -}}
{{- toYaml .Values.podSecurityContext }}
{{- end }}

{{- define "ce.containerSecurity" -}}
{{- toYaml .Values.securityContext }}
{{- end }}

{{/* What every pod of ours may be given. */}}
{{- define "ce.podOptions" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext: {{- include "ce.podSecurity" . | nindent 2 }}
{{- end }}

{{- define "ce.extraEnvFrom" -}}
{{- with .Values.extraEnvFrom }}{{ toYaml . }}{{ end }}
{{- end }}

{{- define "ce.extraEnv" -}}
{{- with .Values.extraEnv }}{{ toYaml . }}{{ end }}
{{- end }}

{{- define "ce.extraMounts" -}}
{{- with .Values.extraVolumeMounts }}{{ toYaml . }}{{ end }}
{{- end }}

{{- define "ce.extraVolumes" -}}
{{- with .Values.extraVolumes }}{{ toYaml . }}{{ end }}
{{- end }}

{{- define "ce.apiAccessMount" -}}
name: api-access
mountPath: /var/run/secrets/kubernetes.io/serviceaccount
readOnly: true
{{- end }}

{{- define "ce.apiAccessVolume" -}}
name: api-access
projected:
  defaultMode: {{ .mode }}
  sources:
    - serviceAccountToken: { path: token, expirationSeconds: 3607 }
    - configMap: { name: kube-root-ca.crt, items: [{ key: ca.crt, path: ca.crt }] }
    - downwardAPI:
        items: [{ path: namespace, fieldRef: { apiVersion: v1, fieldPath: metadata.namespace } }]
{{- end }}

{{/* TSDB_DSN for mode db. */}}
{{- define "ce.databaseEnv" -}}
- name: TSDB_DSN
  valueFrom: { secretKeyRef: { name: {{ .Values.store.existingSecret }}, key: TSDB_DSN } }
{{- end }}

{{/* Not empty when the readings pipeline runs: readings.enabled, or a value that only it has. */}}
{{- define "ce.readings" -}}
{{- if or .Values.readings.enabled (include "ce.keda" .) (not (kindIs "invalid" .Values.processingService.replicaCount)) }}true{{ end -}}
{{- end }}

{{- define "ce.keda" -}}
{{- if or .Values.readings.keda.enabled .Values.keda.enabled }}true{{ end -}}
{{- end }}

{{/* global.redis names a Redis of yours; then none is deployed. */}}
{{- define "ce.deploysRedis" -}}
{{- if and (include "ce.readings" .) .Values.readings.redis.deploy (not .Values.global.redis.host) }}true{{ end -}}
{{- end }}
{{- define "ce.redisHost" -}}
{{ .Values.global.redis.host | default .Values.readings.redis.host }}
{{- end }}
{{- define "ce.redisPort" -}}
{{ .Values.global.redis.port | default .Values.readings.redis.port }}
{{- end }}

{{/* A Redis without a password needs no Secret. */}}
{{- define "ce.redisEnv" -}}
{{- with .Values.readings.redis.existingSecret -}}
- name: REDIS_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ . }}, key: REDIS_PASSWORD, optional: {{ not (include "ce.deploysRedis" $) }} } }
{{- end }}
{{- end }}

{{- define "ce.replicas" -}}
{{ .Values.ingestionApi.replicaCount | default .Values.replicas }}
{{- end }}

{{/* Probes of the poller; the argument is true when its readiness counts. */}}
{{- define "ce.pollerProbes" -}}
startupProbe:
  httpGet: { path: /healthz, port: poller }
  failureThreshold: 30
  periodSeconds: 2
livenessProbe:
  httpGet: { path: /healthz, port: poller }
  failureThreshold: 3
  periodSeconds: 10
  timeoutSeconds: 5
{{- if . }}
readinessProbe:
  httpGet: { path: /readyz, port: poller }
  timeoutSeconds: 3
{{- end }}
{{- end }}

{{- define "ce.accounts" -}}
'system:serviceaccount:{{ .Release.Namespace }}:{{ .Values.scheduler.name }}',
'system:serviceaccount:{{ .Release.Namespace }}:{{ include "ce.name" . }}-watchdog'
{{- end }}

{{/* Whether the gate policy is installed. */}}
{{- define "ce.gates" -}}
{{- if ne .Values.deferral.mode "on" -}}
{{- else if eq (toString .Values.deferral.gatePolicy) "true" -}}true
{{- else if and (eq (toString .Values.deferral.gatePolicy) "auto") (or (.Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy") (.Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy")) -}}true
{{- end -}}
{{- end }}

{{/* Whether work inherits from its LocalQueue in Kueue. */}}
{{- define "ce.localQueues" -}}
{{- if ne (include "ce.gates" .) "true" -}}
{{- else if eq (toString .Values.deferral.localQueues) "true" -}}true
{{- else if and (eq (toString .Values.deferral.localQueues) "auto") (.Capabilities.APIVersions.Has "kueue.x-k8s.io/v1beta2/LocalQueue") -}}true
{{- end -}}
{{- end }}

{{/* Whether the webhook gates instead: where the cluster serves no MutatingAdmissionPolicy. */}}
{{- define "ce.gateWebhook" -}}
{{- if and (eq .Values.deferral.mode "on") (eq (toString .Values.deferral.gatePolicy) "auto") (not (include "ce.gates" .)) -}}true{{- end -}}
{{- end }}

{{/* The version of MutatingAdmissionPolicy that the cluster serves: v1 since 1.36, v1beta1 where it was switched on. */}}
{{- define "ce.gateVersion" -}}
{{- if .Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy" -}}v1
{{- else if .Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy" -}}v1beta1
{{- else -}}v1
{{- end -}}
{{- end }}

{{/* Combinations that cannot work are refused here, by name. */}}
{{- define "ce.check" -}}
{{- if and (gt (int (include "ce.replicas" .)) 1) (ne .Values.store.mode "db") }}{{ fail "replicas above 1 need store.mode: db, because the embedded history belongs to one pod" }}{{ end -}}
{{- if and .Values.poller.separate (ne .Values.store.mode "db") }}{{ fail "poller.separate needs store.mode: db, because SQLite must not lie on a shared file system" }}{{ end -}}
{{- if and (include "ce.readings" .) (ne .Values.store.mode "db") }}{{ fail "the readings pipeline (readings.enabled, keda.enabled, processingService.replicaCount) needs store.mode: db" }}{{ end -}}
{{- if and .Values.timescaledb.deploy (ne .Values.store.mode "db") }}{{ fail "timescaledb.deploy needs store.mode: db" }}{{ end -}}
{{- if and .Values.ingest.enabled (not .Values.poller.separate) }}{{ fail "ingest.enabled needs poller.separate: true, because the cache file must be on a volume that both mount" }}{{ end -}}
{{- if and (not .Values.scheduler.enabled) (not .Values.extender.tls.existingSecret) }}{{ fail "scheduler.enabled: false needs extender.tls.existingSecret, because the scheduler's port then leaves the pod" }}{{ end -}}
{{- end }}
