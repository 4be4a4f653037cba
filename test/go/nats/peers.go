//go:build tools

// Package nats names the program that the tests of clusters build.
package nats

import _ "github.com/nats-io/nats-server/v2"
