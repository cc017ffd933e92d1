//go:build tools

// Package tools pins what cluster/tools builds.
package tools

import (
	_ "go.etcd.io/etcd/server/v3"
)
