#!/usr/bin/env bash
# xconn for Go 0.1.0: a client whose call has run out of time never hears of its router again.
#
# DoContext returns when its context ends, and the client forgets the call. Release 0.1.0 sends no CANCEL, so the RESULT still
# comes. The client takes a RESULT that it does not know for a fault, logs a line, and reads no further message. The session
# stays open and says that it is connected, but every later call runs out of time, no event comes, and no procedure is
# called. The router here is xconn's own.
#
# Output, for calls of a procedure that takes so long, with a context that lasts so long:
#   > takes 0.1 s, context of 3 s: done
#   > takes 1 s, context of 0.2 s: call request timed out
#   > takes 0.1 s, context of 3 s, once the second result has come: call request timed out
#   > connected: true
#
# For users: let no context of a call end before the callee has answered, or leave the session and join again when one has.
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
	"time"

	"github.com/xconnio/xconn-go"
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
	everything := xconn.Permission{MatchPolicy: "prefix", AllowCall: true, AllowRegister: true}
	check(router.AddRealmRole("realm1", xconn.RealmRole{Name: "anonymous", Permissions: []xconn.Permission{everything}}))
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	xconn.NewServer(router, nil, nil).Serve(listener, xconn.ListenerWebSocket)
	url := "ws://" + listener.Addr().String()

	callee := must(xconn.ConnectAnonymous(context.Background(), url, "realm1"))
	second := make(chan bool, 1)
	check(callee.Register("com.example.wait", func(_ context.Context, call *xconn.Invocation) *xconn.InvocationResult {
		seconds := call.ArgFloat64Or(0, 0)
		time.Sleep(time.Duration(seconds * float64(time.Second)))
		if seconds == 1 {
			second <- true
		}
		return xconn.NewInvocationResult("done")
	}).Do().Err)

	caller := must(xconn.ConnectAnonymous(context.Background(), url, "realm1"))
	call := func(takes, lasts float64) any {
		patience, cancel := context.WithTimeout(context.Background(), time.Duration(lasts*float64(time.Second)))
		defer cancel()
		result := caller.Call("com.example.wait").Arg(takes).DoContext(patience)
		if result.Err != nil {
			return result.Err
		}
		return result.Args()[0]
	}
	fmt.Println("takes 0.1 s, context of 3 s:", call(0.1, 3))
	fmt.Println("takes 1 s, context of 0.2 s:", call(1, 0.2))
	<-second
	time.Sleep(time.Second)
	fmt.Println("takes 0.1 s, context of 3 s, once the second result has come:", call(0.1, 3))
	fmt.Println("connected:", caller.Connected())
}
GO
timeout 200 env GOFLAGS=-mod=mod go build -C "$folder" -o example .
seen=$(timeout 30 "$folder/example" 2> "$folder/log" || cat "$folder/log")
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."
