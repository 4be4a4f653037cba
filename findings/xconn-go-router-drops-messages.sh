#!/usr/bin/env bash
# The router of xconn for Go 0.1.0 drops messages of busy sessions: callers wait for ever, subscribers miss events.
#
# It keeps 64 messages at most for each session that come faster than its connection takes them. What is beyond is dropped:
# of an EVENT, a RESULT, an ERROR and a PUBLISHED nobody is told; a CALL whose INVOCATION is dropped fails with
# wamp.error.network_failure. A burst of small messages within one machine is enough, to a client that reads all the
# time. Neither session ends, and the log has a line at the level debug alone.
#
# Output, for 3,000 calls that one client makes at once, and 20,000 events to one subscriber:
#   > some calls: result
#   > some calls: wamp.error.network_failure: callee blocked, cannot call procedure
#   > some calls: no answer within 5 s
#   > some events never come
#   > caller connected: true, subscriber connected: true
#
# For operators: bound the calls and the publications that are on their way at a time, and give every call a context.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat > "$folder/go.mod" <<'MOD'
module example

go 1.22

require github.com/xconnio/xconn-go v0.1.0
MOD
cat > "$folder/main.go" <<'GO'
package main

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/xconnio/xconn-go"
)

const (
	calls  = 3000
	events = 20000
)

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	router := must(xconn.NewRouter(nil))
	check(router.AddRealm("realm1", xconn.DefaultRealmConfig()))
	everything := xconn.Permission{
		MatchPolicy: "prefix", AllowCall: true, AllowRegister: true, AllowPublish: true, AllowSubscribe: true,
	}
	check(router.AddRealmRole("realm1", xconn.RealmRole{Name: "anonymous", Permissions: []xconn.Permission{everything}}))
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	xconn.NewServer(router, nil, nil).Serve(listener, xconn.ListenerWebSocket)
	join := func() *xconn.Session {
		return must(xconn.ConnectAnonymous(context.Background(), "ws://"+listener.Addr().String(), "realm1"))
	}

	check(join().Register("com.example.echo", func(_ context.Context, call *xconn.Invocation) *xconn.InvocationResult {
		return xconn.NewInvocationResult(call.Args()...)
	}).Do().Err)
	caller := join()
	var outcomes sync.Map
	var all sync.WaitGroup
	for number := range calls {
		all.Add(1)
		go func() {
			defer all.Done()
			patience, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			result := caller.Call("com.example.echo").Arg(number).DoContext(patience)
			switch {
			case result.Err == nil:
				outcomes.Store("result", true)
			case result.Err.Error() == "call request timed out":
				outcomes.Store("no answer within 5 s", true)
			default:
				outcomes.Store(result.Err.Error(), true)
			}
		}()
	}
	all.Wait()
	for _, outcome := range []string{
		"result",
		"wamp.error.network_failure: callee blocked, cannot call procedure",
		"no answer within 5 s",
	} {
		if _, isSeen := outcomes.LoadAndDelete(outcome); isSeen {
			fmt.Println("some calls:", outcome)
		}
	}
	outcomes.Range(func(outcome, _ any) bool {
		fmt.Println("some calls:", outcome)
		return true
	})

	subscriber, publisher := join(), join()
	var received atomic.Int64
	check(subscriber.Subscribe("com.example.topic", func(*xconn.Event) { received.Add(1) }).Do().Err)
	for number := range events {
		check(publisher.Publish("com.example.topic").Arg(number).Do().Err)
	}
	// The router handles it after all publications; its subscriber would have got every event by then.
	check(publisher.Publish("com.example.last").Acknowledge(true).Do().Err)
	time.Sleep(2 * time.Second)
	if received.Load() < events {
		fmt.Println("some events never come")
	} else {
		fmt.Println("all events come")
	}
	fmt.Printf("caller connected: %v, subscriber connected: %v\n", caller.Connected(), subscriber.Connected())
}
GO
timeout 200 env GOFLAGS=-mod=mod go build -C "$folder" -o example .
seen=$(timeout 60 "$folder/example" 2> "$folder/log" || cat "$folder/log")
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."
