package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// embedded starts a NATS server with JetStream in this process, on a free port of the loopback interface.
func embedded(folder string) (*server.Server, error) {
	return startServer(&server.Options{
		ServerName: "embedded", Host: "127.0.0.1", Port: server.RANDOM_PORT,
		JetStream: true, StoreDir: folder, NoSigs: true, NoLog: true,
	})
}

func startServer(opts *server.Options) (*server.Server, error) {
	s, err := server.NewServer(opts)
	if err != nil {
		return nil, err
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		s.Shutdown()
		return nil, errors.New("the embedded server does not start")
	}
	return s, nil
}

// dial connects to a server or a cluster, and stays at it when it goes away.
func dial(ctx context.Context, url, name string) (jetstream.JetStream, *nats.Conn, error) {
	nc, err := nats.Connect(url, nats.Name(name), nats.MaxReconnects(-1), nats.ReconnectWait(200*time.Millisecond))
	if err != nil {
		return nil, nil, fmt.Errorf("connect to NATS: %w", err)
	}
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(2*maxSettling), jetstream.WithDefaultTimeout(publishWait))
	if err == nil {
		_, err = js.AccountInfo(ctx)
	}
	if err != nil {
		nc.Close()
		return nil, nil, fmt.Errorf("the server has no JetStream for this account: %w", err)
	}
	return js, nc, nil
}

// publishWait bounds one request to the server.
const publishWait = 5 * time.Second

const retryPause = 100 * time.Millisecond

// ask makes a request until it succeeds, ctx ends, or it is clear that it never will. A server that goes away takes the requests along that
// it has not answered, so each try has a bound of its own.
func ask(ctx context.Context, request func(ctx context.Context) error) error {
	for {
		try, cancel := context.WithTimeout(ctx, publishWait)
		err := request(try)
		cancel()
		if err == nil {
			return nil
		}
		if errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, nats.ErrConnectionClosed) {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
		pause(ctx, retryPause)
	}
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
