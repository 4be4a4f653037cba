{{/* The labels by which the pods of a release are found. */}}
{{- define "crossproxy.selector" -}}
app.kubernetes.io/name: crossproxy
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The labels of everything in a release. */}}
{{- define "crossproxy.labels" -}}
{{ include "crossproxy.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* node.json. */}}
{{- define "crossproxy.node" -}}
{{ toPrettyJson .Values.node }}
{{- end }}

{{/* How long a node takes to end at most: the delay, proxies and then routers, and 5 s for each kind of worker. */}}
{{- define "crossproxy.gracePeriod" -}}
{{- $options := dig "controller" "options" (dict) .Values.node -}}
{{- $delay := get $options "shutdown_delay" | default 0 -}}
{{- $lameDuck := get $options "lame_duck_duration" | default 0 -}}
{{- ceil (addf $delay (mulf 2 $lameDuck) 15) | int -}}
{{- end }}
