package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// handler routes requests. Every request has an id, a log record and a metric; none of them holds a path, a query or a body, which name
// customers.
func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /transactions", s.postTransactions)
	mux.HandleFunc("GET /customers/{id}", s.getCustomer)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, map[string]string{"status": "up"})
	})
	mux.HandleFunc("GET /readyz", s.getReady)
	mux.HandleFunc("GET /metrics", s.getMetrics)
	return s.watch(mux)
}

// getReady tells a load balancer whether to send requests here.
func (s *service) getReady(w http.ResponseWriter, r *http.Request) {
	if reason := s.unready(); reason != "" {
		retryLater(w, r, reason)
		return
	}
	write(w, http.StatusOK, map[string]string{"status": "ready"})
}

// unready returns why no bills are taken; empty if they are.
func (s *service) unready() string {
	select {
	case <-s.broken:
		return "nothing can be sent"
	default:
	}
	if s.draining.Load() {
		return "shutting down"
	}
	return ""
}

// watch gives each request an id, and logs and counts its end. A panic in a handler ends its request, not the program.
func (s *service) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(headerRequestID)
		if !isRequestID(id) {
			id = rand.Text()
		}
		w.Header().Set(headerRequestID, id)
		r = r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))
		answer := &recorder{ResponseWriter: w, id: id, start: time.Now()}
		defer s.ended(answer, r)
		next.ServeHTTP(answer, r)
	})
}

// ended is deferred by watch.
func (s *service) ended(answer *recorder, r *http.Request) {
	v := recover()
	if v == http.ErrAbortHandler { //nolint:errorlint // net/http compares so, too
		panic(v)
	}
	if v != nil { // its text may name a customer
		s.log.ErrorContext(r.Context(), "panic", "request_id", answer.id, "route", r.Pattern, "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
		if answer.status == 0 {
			fail(answer, r, http.StatusInternalServerError, "internal error")
		}
	}
	s.metrics.request(r.Pattern, answer.status)
	s.log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("request_id", answer.id), slog.String("route", r.Pattern),
		slog.Int("status", answer.status), slog.Duration("elapsed", time.Since(answer.start)))
}

// recorder notes the status of an answer.
type recorder struct {
	http.ResponseWriter

	id     string // of the request
	start  time.Time
	status int
}

// WriteHeader notes the status.
func (a *recorder) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write notes the status that no WriteHeader means.
func (a *recorder) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(p)
}

// Unwrap is for [http.ResponseController].
func (a *recorder) Unwrap() http.ResponseWriter { return a.ResponseWriter }

const headerRequestID = "X-Request-Id"

type requestIDKey struct{}

// isRequestID reports whether a caller's id may enter logs and headers.
func isRequestID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for _, c := range id {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// passRequestID sends the id of a request on with the calls that are made for it alone: reads. Calls with bills serve many requests.
func passRequestID(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if id, ok := r.Context().Value(requestIDKey{}).(string); ok {
			r = r.Clone(r.Context())
			r.Header.Set(headerRequestID, id)
		}
		return next.RoundTrip(r)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // fails only if the caller has left
}

func fail(w http.ResponseWriter, r *http.Request, status int, reason string) {
	id, _ := r.Context().Value(requestIDKey{}).(string)
	write(w, status, map[string]string{"error": reason, "request_id": id})
}

// retryLater tells the caller to come back, in a second unless another time is set.
func retryLater(w http.ResponseWriter, r *http.Request, reason string) {
	if w.Header().Get("Retry-After") == "" {
		w.Header().Set("Retry-After", "1")
	}
	fail(w, r, http.StatusServiceUnavailable, reason)
}
