{{/* SPDX-License-Identifier: Apache-2.0 */}}
{{- define "premura.name" -}}
{{- if contains "premura" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-premura" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "premura.selector" -}}
app.kubernetes.io/name: premura
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "premura.labels" -}}
{{ include "premura.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "premura.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "premura.name" .) }}
{{- end }}

{{/* The port that the configuration has /metrics and the probes listen on. */}}
{{- define "premura.port" -}}
{{- $listen := dig "http" "admin" "listen" "" .Values.config -}}
{{- if not $listen }}{{ fail "config.http.admin.listen: write 0.0.0.0:9464, or probes and Prometheus reach nobody" }}{{ end -}}
{{- if or (hasPrefix "127." $listen) (hasPrefix "localhost" $listen) (hasPrefix "[::1]" $listen) }}{{ fail (printf "config.http.admin.listen is %s: probes and Prometheus come from outside the pod; write 0.0.0.0:9464" $listen) }}{{ end -}}
{{- regexFind "[0-9]+$" $listen -}}
{{- end }}

{{/* What cannot work is said here rather than by a pod that does not start. */}}
{{- define "premura.check" -}}
{{- $ledger := .Values.config.ledger -}}
{{- $url := "" -}}
{{- if kindIs "map" $ledger }}{{ $url = $ledger.url | default "" }}{{ else if $ledger }}{{ $url = $ledger }}{{ end -}}
{{- if and (gt (int .Values.replicas) 1) (not (hasPrefix "postgres" $url)) }}{{ fail "config.ledger: more than one replica need a ledger that they share: postgresql://USER@HOST/NAME" }}{{ end -}}
{{- if le (int .Values.terminationGracePeriodSeconds) (include "premura.drainSeconds" . | int) }}{{ fail "terminationGracePeriodSeconds: must be more than drain" }}{{ end -}}
{{- if ne (dig "state" "dir" "/var/lib/premura" .Values.config) "/var/lib/premura" }}{{ fail "config.state.dir: must be /var/lib/premura, where the volume is" }}{{ end -}}
{{- range .Values.config.sources }}
{{- if and .kafka (gt (int $.Values.replicas) 1) (ne (.kafka.instance_id | default "${env:PREMURA_INSTANCE}") "${env:PREMURA_INSTANCE}") }}{{ fail "config.sources: kafka.instance_id must differ between pods: write ${env:PREMURA_INSTANCE}" }}{{ end -}}
{{- end -}}
{{- end }}

{{- define "premura.drainSeconds" -}}
{{- $number := regexFind "^[0-9]+" .Values.drain | int -}}
{{- if hasSuffix "ms" .Values.drain }}{{ div $number 1000 }}{{ else if hasSuffix "m" .Values.drain }}{{ mul $number 60 }}{{ else }}{{ $number }}{{ end -}}
{{- end }}
