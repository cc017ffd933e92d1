{{/*
What the operator does, verb by verb. Server-side apply of an object that is absent needs `create` as well as `patch`.
Secrets and ConfigMaps are neither listed nor watched.
*/}}
{{- define "operator.rules" -}}
- apiGroups: [ecommercestack.dev]
  resources: [ecommercestacks]
  verbs: [get, list, watch]
- apiGroups: [ecommercestack.dev]
  resources: [ecommercestacks/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, create, patch]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, patch, delete]
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get, list, watch, create, patch]
- apiGroups: [""]
  resources: [events]
  verbs: [list]
- apiGroups: [""]
  resources: [pods]
  # The operator needs get and patch only to grant them: each database's account gets them for its own pods.
  verbs: [get, list, patch, delete]
- apiGroups: [""]
  resources: [services, serviceaccounts]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [apps]
  resources: [deployments/scale]
  verbs: [patch]
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [get, list, watch, create, patch]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [ingresses, networkpolicies]
  verbs: [get, list, watch, create, patch, delete]
{{- if not .Values.watchNamespaces }}
- apiGroups: [networking.k8s.io]
  resources: [ingressclasses]
  verbs: [list]
# Lets the operator check whether another installation that owns a stack is still active. In namespaced mode, that installation's own role allows it.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get]
{{- end }}
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles, rolebindings]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [rbac.authorization.k8s.io]
  resources: [{{ if .Values.watchNamespaces }}roles{{ else }}clusterroles{{ end }}]
  resourceNames: [{{ include "operator.postgresRole" . }}]
  verbs: [bind]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{/*
What Patroni does in the database's pods: its state is kept in ConfigMaps, its role in pod labels. Here is what cannot be
restricted to names; get and patch of a stack's own objects are in a Role of the stack's.
*/}}
{{- define "operator.postgresRules" -}}
- apiGroups: [""]
  resources: [configmaps]
  verbs: [list, watch, create]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
{{- end -}}
