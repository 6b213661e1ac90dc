package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// settings are the times that every worker of a job should agree on, and what its topics are made with.
type settings struct {
	Partitions int           // of each topic
	Replicas   int           // of each topic; 0: the brokers' default
	Timeout    time.Duration // of one attempt of a call
	Session    time.Duration // silence after which a worker counts as gone
}

// commitWait bounds one conversation with the brokers at the end of an ownership.
const commitWait = 5 * time.Second

// longestSend bounds one call, the renewal of a token and the one repetition that it allows included. The fence cuts what takes longer.
func (s *settings) longestSend() time.Duration { return 2 * s.Timeout }

// hold is how long after its note in the ledger a call may still be under way: the call begins at most half of longestSend later, and
// after a time-out the server may be at work for as long again.
func (s *settings) hold() time.Duration { return 2 * s.longestSend() }

// rebalance is the time a worker has to give its partitions up: what is in flight ends, then the outcomes are stored.
func (s *settings) rebalance() time.Duration { return s.longestSend() + 3*commitWait }

// transaction is how long the brokers keep a transaction of a worker that died. Nobody reads past it that long.
func (s *settings) transaction() time.Duration { return 2 * commitWait }

// window is the most records of a partition that wait for their outcome. It bounds memory; a larger number shows the engine more of the
// customers' backlogs, which saves calls. Three workers have about the engine's usual window each.
func (s *settings) window() int { return max(1000, 24_000/s.Partitions) }

// job is the topics of one load. All have the same number of partitions, so that partition p of one belongs to partition p of the others.
type job struct {
	settings
	name    string
	brokers []string
	ids     map[string]kadm.TopicID
}

// The topics of a job, without its name.
const (
	itemsTopic   = "items"   // what is to be loaded
	retryTopic   = "retry"   // what goes again later
	deadTopic    = "dead"    // what cannot be loaded, or nobody knows
	resultsTopic = "results" // one record an item
	ledgerTopic  = "ledger"  // owners, calls about to be made, outcomes
)

func (j *job) topic(kind string) string { return j.name + "-" + kind }

func (j *job) topics() []string {
	var all []string
	for _, kind := range []string{itemsTopic, retryTopic, deadTopic, resultsTopic, ledgerTopic} {
		all = append(all, j.topic(kind))
	}
	return all
}

// group is the name of the workers' group.
func (j *job) group() string { return j.name + "-workers" }

var jobName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

var errJobName = errors.New("the name of a job is 1 to 64 letters, digits, _ and -")

// errNoJob says that a job's topics are not there, or not all.
var errNoJob = errors.New("there is no such job")

// dial makes a client. Options for TLS and SASL go here.
func dial(brokers []string, opts ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(brokers...), kgo.ClientID("distributed-kafka"), kgo.MetadataMinAge(100 * time.Millisecond),
	}, opts...)...)
}

// brokerList reads addresses that are separated by commas.
func brokerList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// createJob makes a job's topics, or opens it if they are there.
func createJob(ctx context.Context, brokers []string, name string, s settings) (*job, error) {
	if !jobName.MatchString(name) {
		return nil, errJobName
	}
	cl, err := dial(brokers)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	j := &job{name: name}
	for _, topic := range j.topics() {
		config := map[string]*string{"cleanup.policy": new("delete"), "retention.ms": new("-1")}
		if topic == j.topic(ledgerTopic) {
			// Two workers' clocks may differ; how old a call is, is a difference of two times of the broker.
			config["message.timestamp.type"] = new("LogAppendTime")
			// Longer than any item waits for its outcome.
			config["retention.ms"] = new(strconv.FormatInt((30 * 24 * time.Hour).Milliseconds(), 10))
		}
		replicas := int16(-1)
		if s.Replicas > 0 {
			replicas = int16(s.Replicas) //nolint:gosec // flags.go bounds it
		}
		_, err = kadm.NewClient(cl).CreateTopic(ctx, int32(s.Partitions), replicas, config, topic) //nolint:gosec // flags.go bounds it
		if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			return nil, fmt.Errorf("create topic %s: %w", topic, err)
		}
	}
	for {
		j, err = openJob(ctx, brokers, name, s)
		if err == nil || !errors.Is(err, errNoJob) || ctx.Err() != nil {
			return j, err
		}
		pause(ctx, retryPause) // every broker has to hear of them
	}
}

// openJob opens a job whose topics are there. Their number of partitions stands.
func openJob(ctx context.Context, brokers []string, name string, s settings) (*job, error) {
	if !jobName.MatchString(name) {
		return nil, errJobName
	}
	cl, err := dial(brokers)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	j := &job{settings: s, name: name, brokers: brokers, ids: make(map[string]kadm.TopicID)}
	details, err := kadm.NewClient(cl).ListTopics(ctx, j.topics()...)
	if err != nil {
		return nil, err
	}
	j.Partitions = 0
	for _, topic := range j.topics() {
		d, ok := details[topic]
		switch {
		case !ok || errors.Is(d.Err, kerr.UnknownTopicOrPartition):
			return nil, fmt.Errorf("%w: %s", errNoJob, topic)
		case d.Err != nil:
			return nil, fmt.Errorf("topic %s: %w", topic, d.Err)
		case j.Partitions == 0:
			j.Partitions = len(d.Partitions)
		case j.Partitions != len(d.Partitions):
			return nil, fmt.Errorf("topic %s has %d partitions, another topic of the job %d", topic, len(d.Partitions), j.Partitions)
		}
		j.ids[topic] = d.ID
	}
	if j.Partitions == 0 {
		return nil, fmt.Errorf("%w: no partitions", errNoJob)
	}
	return j, nil
}

const retryPause = 100 * time.Millisecond

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// The headers of records.
const (
	idHeader     = "id"            // of an item, unique in the job
	roundsHeader = "rounds"        // times that the engine gave it up for now
	dueHeader    = "due"           // when it goes again, in Unix milliseconds
	lostHeader   = "after-unknown" // it may have been sent before
	endHeader    = "end"           // no item: how many items of the partition came before, by one producer
	reasonHeader = "reason"        // why it is among the dead
)

func header(r *kgo.Record, name string) string {
	for _, h := range r.Headers {
		if h.Key == name {
			return string(h.Value)
		}
	}
	return ""
}

func number(r *kgo.Record, name string) int64 {
	n, err := strconv.ParseInt(header(r, name), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func with(name, value string) kgo.RecordHeader {
	return kgo.RecordHeader{Key: name, Value: []byte(value)}
}
