package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
)

// lastAnswers is how long callers have to read their answers if draining took all of its time.
const lastAnswers = 2 * time.Second

// service takes bills over HTTP and brings them to the loyalty API in full calls. One writer serves all requests, so that the bills of
// one customer stay in order whoever brings them.
type service struct {
	cfg     config
	log     *slog.Logger
	api     *client.Client
	writer  *batch.Writer[bill]
	metrics *metrics
	fates   *fateLog
	sim     *clienttest.Simulator // the built-in one; nil if there is an account
	simSrv  *clienttest.Server

	queued   atomic.Int64 // bills accepted and not yet final
	draining atomic.Bool
	broken   chan struct{} // closed when nothing can be sent any more
	breaking sync.Once
	reason   error // valid once broken is closed
}

func newService(cfg config, log *slog.Logger, stdout io.Writer) (*service, error) {
	s := &service{cfg: cfg, log: log, metrics: newMetrics(), fates: &fateLog{out: stdout}, broken: make(chan struct{})}
	opts := []client.Option{
		client.WithUserAgent("capillary-service/1"),
		client.WithLogger(log),
		client.WithObserve(s.metrics.observe),
		client.WithMiddleware(passRequestID),
		cfg.login,
	}
	url := cfg.baseURL
	if cfg.simulate {
		s.sim = clienttest.New(cfg.sim)
		s.simSrv = s.sim.InMemory()
		url = s.simSrv.URL
		opts = append(opts, client.WithHTTPClient(s.simSrv.HTTPClient()))
	}
	err := s.connect(url, opts)
	if err != nil {
		s.closeSimulator()
		return nil, err
	}
	return s, nil
}

func (s *service) connect(url string, opts []client.Option) (err error) {
	s.api, err = client.New(url, opts...)
	if err != nil {
		return err
	}
	eng, err := batch.New(s.api.Bulk(client.TransactionsBulk), batch.Config[bill]{
		Observe: s.metrics.observeBatch,
		// A caller waits, so a part-full call goes out soon.
		Advanced: batch.Advanced{Window: s.cfg.queue, Linger: 100 * time.Millisecond},
	})
	if err != nil {
		return err
	}
	s.writer = eng.Writer(s.final)
	return nil
}

// final is called once for each accepted bill. The log of fates has it whether or not a caller still waits for it.
func (s *service) final(_ context.Context, r batch.Result[bill]) {
	s.queued.Add(-1)
	s.fates.write(&r)
	r.Item.fate <- fateOf(&r) // has room: each bill has one fate
	if errors.Is(r.Err, caperrors.ErrJobStopped) || errors.Is(r.Err, caperrors.ErrUnauthenticated) {
		s.stop(r.Err)
	}
}

// stop notes that nothing can be sent any more, such as after a refusal of the credentials. The program then ends: an orchestrator starts
// it again, with the credentials of that day.
func (s *service) stop(reason error) {
	s.breaking.Do(func() {
		s.reason = reason
		close(s.broken)
	})
}

// serve answers requests until ctx ends or nothing can be sent any more. It then drains: requests under way get their answers, new ones
// 503, and what was accepted is brought to its end, all within the time for draining. After that the port is closed.
func (s *service) serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      s.cfg.wait + 15*time.Second, // later than the latest answer
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	var failure error
	select {
	case <-ctx.Done():
	case <-s.broken:
		failure = fmt.Errorf("nothing can be sent any more: %w", s.reason)
	case failure = <-served:
		served <- http.ErrServerClosed // for the end of this function
	}
	s.draining.Store(true)
	s.log.Info("draining", "queued", s.queued.Load())
	srv.SetKeepAlivesEnabled(false)
	over := time.Now().Add(s.cfg.drain)
	drain, cancel := context.WithDeadline(context.WithoutCancel(ctx), over)
	defer cancel()
	// The port stays open meanwhile, so that load balancers see /readyz, and callers a 503 in place of a refused connection.
	err := s.writer.Close(drain) // ends the waits of the requests under way
	if soonest := time.Now().Add(lastAnswers); soonest.After(over) {
		over = soonest
	}
	last, cancel := context.WithDeadline(context.WithoutCancel(ctx), over)
	defer cancel()
	err = errors.Join(failure, err, srv.Shutdown(last))
	_ = srv.Close()
	if end := <-served; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	s.log.Info("drained", "queued", s.queued.Load())
	return err
}

// close frees what is left. It is for a service that has served, or never did.
func (s *service) close() {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_ = s.writer.Close(ended)
	s.closeSimulator()
}

func (s *service) closeSimulator() {
	if s.simSrv != nil {
		_ = s.simSrv.Close()
	}
}
