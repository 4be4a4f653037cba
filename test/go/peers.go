//go:build tools

// Package peers names the programs that the tests build.
package peers

import (
	_ "github.com/gammazero/nexus/v3/nexusd"
	_ "github.com/xconnio/xconn-go/cmd/nxt"
)
