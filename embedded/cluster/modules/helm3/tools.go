//go:build tools

// Package tools pins helm3.
package tools

import _ "helm.sh/helm/v3/cmd/helm"
