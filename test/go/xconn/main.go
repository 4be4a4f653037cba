// A WAMP client made with xconn for Go. It obeys orders, as test/support/peer-program.ts describes them.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"sync"

	"github.com/xconnio/wampproto-go/auth"
	"github.com/xconnio/xconn-go"
)

type order struct {
	ID         int
	Client     string
	Do         string
	URL        string
	Serializer string
	Auth       struct{ Method, Authid, Secret string }
	URI        string
	Match      string
	As         string
	Args       []any
	Kwargs     map[string]any
	Progress   bool
}

type answer map[string]any

// What a client has joined, subscribed to and registered.
type client struct {
	*xconn.Session
	subscriptions map[string]xconn.SubscribeResponse
	registrations map[string]xconn.RegisterResponse
}

var (
	clients     = map[string]*client{}
	output      sync.Mutex
	serializers = map[string]xconn.SerializerSpec{
		"json":    xconn.JSONSerializerSpec,
		"msgpack": xconn.MsgPackSerializerSpec,
		"cbor":    xconn.CBORSerializerSpec,
	}
)

func main() {
	orders := json.NewDecoder(os.Stdin)
	for orders.More() {
		var one order
		if err := orders.Decode(&one); err != nil {
			panic(err)
		}
		said, err := obey(one)
		if err != nil {
			said = failure(err)
		}
		said["id"] = one.ID
		say(said)
	}
}

func say(what answer) {
	text, err := json.Marshal(what)
	if err != nil {
		panic(err)
	}
	output.Lock()
	defer output.Unlock()
	os.Stdout.Write(append(text, '\n'))
}

func failure(err error) answer {
	var told *xconn.Error
	if errors.As(err, &told) {
		return answer{"error": told.URI, "args": told.Args, "kwargs": told.Kwargs}
	}
	return answer{"error": err.Error()}
}

func obey(one order) (answer, error) {
	if one.Do == "join" {
		return join(one)
	}
	session := clients[one.Client]
	switch one.Do {
	case "subscribe":
		onEvent := func(event *xconn.Event) {
			say(answer{"client": one.Client, "topic": one.URI, "args": event.Args(), "kwargs": event.Kwargs(), "details": event.Details()})
		}
		request := session.Subscribe(one.URI, onEvent)
		if one.Match != "" {
			request.Match(one.Match)
		}
		done := request.Do()
		session.subscriptions[one.URI] = done
		return answer{}, done.Err
	case "unsubscribe":
		return answer{}, session.subscriptions[one.URI].Unsubscribe()
	case "publish":
		done := session.Publish(one.URI).Args(one.Args...).Kwargs(one.Kwargs).Acknowledge(true).Do()
		return answer{}, done.Err
	case "register":
		done := session.Register(one.URI, procedures[one.As]).Do()
		session.registrations[one.URI] = done
		return answer{}, done.Err
	case "unregister":
		return answer{}, session.registrations[one.URI].Unregister()
	case "call":
		progress := []any{}
		request := session.Call(one.URI).Args(one.Args...).Kwargs(one.Kwargs)
		if one.Progress {
			request.ProgressReceiver(func(part *xconn.ProgressResult) { progress = append(progress, part.Args()) })
		}
		done := request.Do()
		return answer{"args": done.Args(), "kwargs": done.Kwargs(), "progress": progress}, done.Err
	case "leave":
		return answer{}, session.Leave()
	}
	return nil, errors.New("no such order: " + one.Do)
}

func join(one order) (answer, error) {
	joining := xconn.Client{SerializerSpec: serializers[one.Serializer]}
	var err error
	switch one.Auth.Method {
	case "ticket":
		joining.Authenticator = auth.NewTicketAuthenticator(one.Auth.Authid, one.Auth.Secret, nil)
	case "wampcra":
		joining.Authenticator = auth.NewWAMPCRAAuthenticator(one.Auth.Authid, one.Auth.Secret, nil)
	case "cryptosign":
		joining.Authenticator, err = auth.NewCryptoSignAuthenticator(one.Auth.Authid, one.Auth.Secret, nil)
	}
	if err != nil {
		return nil, err
	}
	session, err := joining.Connect(context.Background(), one.URL, "realm1")
	if err != nil {
		return nil, err
	}
	clients[one.Client] = &client{session, map[string]xconn.SubscribeResponse{}, map[string]xconn.RegisterResponse{}}
	details := session.Details()
	return answer{"authid": details.AuthID(), "authrole": details.AuthRole(), "authmethod": details.AuthMethod()}, nil
}

var procedures = map[string]xconn.InvocationHandler{
	"echo": func(_ context.Context, call *xconn.Invocation) *xconn.InvocationResult {
		return &xconn.InvocationResult{Args: call.Args(), Kwargs: call.Kwargs()}
	},
	"fail": func(_ context.Context, call *xconn.Invocation) *xconn.InvocationResult {
		return &xconn.InvocationResult{Err: "com.example.error.failed", Args: call.Args(), Kwargs: call.Kwargs()}
	},
	"count": func(_ context.Context, call *xconn.Invocation) *xconn.InvocationResult {
		if call.SendProgress != nil {
			for number := 1; number <= 2; number++ {
				if err := call.SendProgress([]any{number}, nil); err != nil {
					return xconn.NewInvocationError("com.example.error.progress", err.Error())
				}
			}
		}
		return xconn.NewInvocationResult(3)
	},
}
