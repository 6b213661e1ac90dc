package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/capillary-go/capillary/client"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/hashicorp/go-retryablehttp" //nolint:depguard // a contender of its own here
	"resty.dev/v3"
)

// The contenders that the bounds name.
const (
	plainSame  = "net/http, same decoding"
	oursClient = "capillary client.Call"
)

// requestBody is a bill of 256 bytes.
var requestBody = func() json.RawMessage {
	const head, tail = `{"type":"REGULAR","billNumber":"INV-00000001","billAmount":480,"note":"`, `"}`
	return []byte(head + string(bytes.Repeat([]byte("n"), 256-len(head)-len(tail))) + tail)
}()

// The header that every contender sends. What the credentials are does not
// matter here, only that there are some.
var requestHeader = http.Header{
	"Accept":        {"application/json"},
	"Authorization": {"Basic c3RvcmU6OWI5OWUyMTVmMTZjZDUwMTYyOWQ1ODM0ZGRmY2RkNTI="},
	"Content-Type":  {"application/json"},
}

// pool is the connection pool of a contender: net/http's own, but with enough
// idle connections for the goroutines here, as our client has.
func pool() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // nothing here replaces it
	t.MaxIdleConnsPerHost, t.MaxIdleConns = 256, 256
	return t
}

// requestContenders returns the clients, each called from that many goroutines.
func requestContenders(base string, goroutines int) ([]contender, error) {
	c, err := client.New(base, client.WithBasic("store", "secret"))
	if err != nil {
		return nil, err
	}
	url := base + pathSingle
	plain := &http.Client{Transport: pool()}
	bounded := &http.Client{Transport: pool(), Timeout: 30 * time.Second}
	retrying := retryablehttp.NewClient()
	retrying.Logger = nil
	retrying.HTTPClient = &http.Client{Transport: pool()}
	failsafe := &http.Client{Transport: failsafehttp.NewRoundTripper(pool(), failsafehttp.NewRetryPolicyBuilder().WithMaxRetries(3).Build())} //nolint:bodyclose // no response yet
	rest := resty.NewWithClient(&http.Client{Transport: pool()}).SetRetryCount(3)

	calls := []struct {
		name string
		do   func(context.Context) error
	}{
		{plainSame, func(ctx context.Context) error { return viaHTTP(ctx, plain, url, decodeSame) }},
		{"net/http, a struct by encoding/json", func(ctx context.Context) error { return viaHTTP(ctx, plain, url, decodeStruct) }},
		{"net/http with a timeout, same decoding", func(ctx context.Context) error { return viaHTTP(ctx, bounded, url, decodeSame) }},
		{oursClient, func(ctx context.Context) error { return viaOurs(ctx, c) }},
		{"go-retryablehttp, same decoding", func(ctx context.Context) error { return viaRetryable(ctx, retrying, url) }},
		{"failsafehttp, same decoding", func(ctx context.Context) error { return viaHTTP(ctx, failsafe, url, decodeSame) }},
		{"resty v3, same decoding", func(ctx context.Context) error { return viaResty(ctx, rest, url) }},
	}
	contenders := make([]contender, len(calls))
	for i, call := range calls {
		contenders[i] = contender{call.name, func(n int) (tally, error) { return spread(n, goroutines, call.do) }}
	}
	return contenders, nil
}

// spread calls do n times from several goroutines.
func spread(n, goroutines int, do func(context.Context) error) (tally, error) {
	ctx, stop := context.WithCancelCause(context.Background())
	defer stop(nil)
	var next, done atomic.Int64
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for next.Add(1) <= int64(n) {
				if err := do(ctx); err != nil {
					stop(err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	return tally{accepted: int(done.Load())}, context.Cause(ctx)
}

func viaHTTP(ctx context.Context, hc *http.Client, url string, decode func(int, []byte) error) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(requestBody))
	if err != nil {
		return err
	}
	req.Header = requestHeader.Clone()
	resp, err := hc.Do(req)
	if err != nil {
		return err
	}
	return readAnswer(resp, decode)
}

func viaRetryable(ctx context.Context, rc *retryablehttp.Client, url string) error {
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, url, []byte(requestBody))
	if err != nil {
		return err
	}
	req.Header = requestHeader.Clone()
	resp, err := rc.Do(req)
	if err != nil {
		return err
	}
	return readAnswer(resp, decodeSame)
}

func viaResty(ctx context.Context, rc *resty.Client, url string) error {
	req := rc.R().SetContext(ctx).SetBody([]byte(requestBody))
	for name, values := range requestHeader {
		req.SetHeader(name, values[0])
	}
	resp, err := req.Post(url)
	if err != nil {
		return err
	}
	// The body is read only when asked for; else the connection is lost.
	return decodeSame(resp.StatusCode(), resp.Bytes())
}

func viaOurs(ctx context.Context, c *client.Client) error {
	resp, err := c.Call(ctx, client.TransactionAdd, client.Request{Body: requestBody})
	if err != nil {
		return err
	}
	if resp.Outcome != caperrors.Applied {
		return fmt.Errorf("outcome %v", resp.Outcome)
	}
	return nil
}

func readAnswer(resp *http.Response, decode func(int, []byte) error) error {
	body, err := io.ReadAll(resp.Body)
	err = errors.Join(err, resp.Body.Close())
	if err != nil {
		return err
	}
	return decode(resp.StatusCode, body)
}

// decodeSame reads an answer as our client does.
func decodeSame(status int, body []byte) error {
	reply, err := wire.Read(
		wire.HTTP{Status: status, ContentType: "application/json", Body: body},
		wire.Call{Version: caperrors.V2, Entity: "transaction", Dialect: wire.V2Single, Count: 1},
	)
	switch {
	case err != nil:
		return err
	case reply.Refusal != nil:
		return reply.Refusal
	case reply.Verdicts[0].Outcome != caperrors.Applied:
		return fmt.Errorf("outcome %v", reply.Verdicts[0].Outcome)
	}
	return nil
}

type plainStatus struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// decodeStruct reads an answer as a program would that knows but this one.
func decodeStruct(status int, body []byte) error {
	var answer struct {
		CreatedID int64         `json:"createdId"`
		Errors    []plainStatus `json:"errors"`
		Warnings  []plainStatus `json:"warnings"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return err
	}
	if status != http.StatusOK || len(answer.Errors) > 0 || answer.CreatedID == 0 {
		return fmt.Errorf("status %d, %d errors", status, len(answer.Errors))
	}
	return nil
}
