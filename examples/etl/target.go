package main

import (
	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
)

// target is where items go.
type target struct {
	engine *batch.Engine[record]
	fields *client.Bulk // reads key and id of an item, as -key and -id want it
	asker  *asker       // nil: nothing is asked for
	server *clienttest.Server
}

// connect makes the client and the engine, which observe, unless nil, listens to. It sends nothing.
func (c *command) connect(o *options, observe func(batch.Event)) (*target, error) {
	t := &target{}
	opts := []client.Option{client.WithTimeout(o.timeout), client.WithUserAgent("etl")}
	if o.rpm > 0 {
		opts = append(opts, client.WithRate(o.endpoint.Name, o.rpm), client.WithRate(client.TransactionByNumber.Name, o.rpm))
	}
	url := o.baseURL
	if url == "" {
		sim := o.sim
		sim.Username, sim.Password = simUser, simPassword
		simulator := clienttest.New(sim)
		if c.simulated != nil {
			c.simulated(simulator)
		}
		t.server = simulator.InMemory()
		url = t.server.URL
		opts = append(opts, client.WithBasic(simUser, simPassword), client.WithHTTPClient(t.server.HTTPClient()))
	} else {
		opts = append(opts, o.credentials)
	}
	api, err := client.New(url, opts...)
	if err != nil {
		t.close()
		return nil, &usageError{err}
	}
	t.fields = api.Bulk(withFields(o))
	cfg := batch.Config[record]{
		Key:            func(r record) string { return r.key },
		ID:             func(r record) string { return r.id },
		MaxItems:       o.maxBatch,
		MaxConcurrency: o.concurrency,
		MaxAttempts:    o.maxAttempts,
		OnUnknown:      o.onUnknown,
		Observe:        observe,
		Advanced:       batch.Advanced{Window: window, OnKeyFailure: o.onKeyFailure, ReconcileTimeout: reconcileTime},
	}
	if o.onUnknown == batch.ReconcileUnknown {
		t.asker = newAsker(api, o.concurrency)
		cfg.Reconcile = t.asker.ask
	}
	t.engine, err = batch.New(api.Bulk(o.endpoint), cfg)
	if err != nil {
		t.close()
		return nil, &usageError{err}
	}
	return t, nil
}

// window is how many records are read ahead of their results.
const window = 8000

// withFields returns the endpoint with the paths of -key and -id in place of its own. It is for reading fields alone: the endpoint that
// is sent to compares its own id field with what the answer repeats.
func withFields(o *options) client.Endpoint {
	ep := o.endpoint
	if o.key != "" {
		ep.KeyFields = []string{o.key}
	}
	if o.id != "" {
		ep.IDField = o.id
	}
	return ep
}

func (t *target) close() {
	if t.server != nil {
		_ = t.server.Close()
	}
}
