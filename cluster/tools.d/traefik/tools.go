//go:build tools

// Package tools pins what cluster/tools builds.
package tools

import (
	_ "github.com/traefik/traefik/v3/cmd/traefik"
)
