package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// settings are what every process of a job must agree on. The producer that starts the job writes them into the metadata of its
// stream, the workers read them there.
type settings struct {
	Partitions int           `json:"partitions"`
	Timeout    time.Duration `json:"timeout"`    // of one attempt of a call
	MemberTTL  time.Duration `json:"member_ttl"` // silence after which a worker counts as gone
	Dedupe     time.Duration `json:"dedupe"`     // how long the producer can be run again without adding an item twice
	Replicas   int           `json:"replicas"`
	Salt       string        `json:"salt"` // of the subjects, hex
}

// longestSend bounds one call, the renewal of a token and the one repetition that it allows included. The fence cuts what takes longer.
func (s *settings) longestSend() time.Duration { return 2 * s.Timeout }

// lastCall bounds how long the last call of an owner that was taken over is under way: it may begin half of the longest send after its
// note, and the server may be at work for a time-out longer.
func (s *settings) lastCall() time.Duration { return s.longestSend()/2 + s.longestSend() + s.Timeout }

// ackWait is how long a message may stay without a sign of life before it is delivered again. A worker that died gave its last sign up
// to a beat ago and may have begun a call just then; after a time-out the server may be at work for as long again.
func (s *settings) ackWait() time.Duration { return 2*s.longestSend() + 2*s.beat() }

// beat is how often a worker gives a sign of life for the messages that it holds.
func (s *settings) beat() time.Duration { return s.longestSend() / 2 }

// maxPending is the most messages of a partition that are with its worker. It bounds memory; a larger number shows the engine more of
// the customers' backlogs, which saves calls. Three workers have about the engine's usual window each.
func (s *settings) maxPending() int { return max(1000, 24_000/s.Partitions) }

// pinGroup is the one priority group of each consumer.
const pinGroup = "worker"

// metadataKey is where a stream's metadata keep the settings.
const metadataKey = "capillary-job"

// job is the streams and buckets of one load.
type job struct {
	settings
	name string
	salt []byte
	js   jetstream.JetStream

	items   jetstream.Stream   // a message an item that has no outcome yet: a work queue
	results jetstream.Stream   // one line an item, ever
	state   jetstream.KeyValue // who owns which partition, and what it has in flight
	members jetstream.KeyValue // workers alive, with their progress
}

var jobName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

var errJobName = errors.New("the name of a job is 1 to 64 letters, digits, _ and -")

// createJob makes what a job needs, or opens it if it is there. The settings of a job that is there stand.
func createJob(ctx context.Context, js jetstream.JetStream, name string, s settings) (*job, error) {
	if !jobName.MatchString(name) {
		return nil, errJobName
	}
	if j, err := openJob(ctx, js, name); err == nil || !errors.Is(err, jetstream.ErrStreamNotFound) {
		return j, err
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // it never fails
	s.Salt = hex.EncodeToString(salt)
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	for _, bucket := range []jetstream.KeyValueConfig{
		{Bucket: name + "-state", History: 1, Replicas: s.Replicas},
		{Bucket: name + "-workers", History: 1, Replicas: s.Replicas, TTL: 2 * s.MemberTTL},
	} {
		if _, err = js.CreateKeyValue(ctx, bucket); err != nil && !errors.Is(err, jetstream.ErrBucketExists) {
			return nil, fmt.Errorf("create bucket %s: %w", bucket.Bucket, err)
		}
	}
	for _, stream := range []jetstream.StreamConfig{
		{Name: name + "-results", Subjects: []string{name + ".result.*"}, Replicas: s.Replicas},
		{Name: name + "-dead", Subjects: []string{name + ".dead.*.*"}, Replicas: s.Replicas},
		// The last, because a worker takes it for the sign that all is there.
		{
			Name: name + "-items", Subjects: []string{name + ".item.*.*"}, Replicas: s.Replicas,
			Retention: jetstream.WorkQueuePolicy, Duplicates: s.Dedupe,
			Metadata: map[string]string{metadataKey: string(text)},
		},
	} {
		if _, err = js.CreateStream(ctx, stream); err != nil && !errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			return nil, fmt.Errorf("create stream %s: %w", stream.Name, err)
		}
	}
	return openJob(ctx, js, name)
}

// openJob opens a job that was created.
func openJob(ctx context.Context, js jetstream.JetStream, name string) (*job, error) {
	if !jobName.MatchString(name) {
		return nil, errJobName
	}
	items, err := js.Stream(ctx, name+"-items")
	if err != nil {
		return nil, fmt.Errorf("open job %s: %w", name, err)
	}
	j := &job{name: name, js: js, items: items}
	if err = json.Unmarshal([]byte(items.CachedInfo().Config.Metadata[metadataKey]), &j.settings); err != nil {
		return nil, fmt.Errorf("stream %s-items is none of a job: %w", name, err)
	}
	if j.salt, err = hex.DecodeString(j.Salt); err != nil || j.Partitions < 1 || j.Timeout <= 0 || j.MemberTTL <= 0 {
		return nil, fmt.Errorf("stream %s-items has no usable settings", name)
	}
	if j.results, err = js.Stream(ctx, name+"-results"); err != nil {
		return nil, err
	}
	if j.state, err = js.KeyValue(ctx, name+"-state"); err != nil {
		return nil, err
	}
	j.members, err = js.KeyValue(ctx, name+"-workers")
	return j, err
}

// consumer returns the consumer of a partition. It is pinned: the server hands its messages to one process at a time.
func (j *job) consumer(ctx context.Context, partition int) (jetstream.Consumer, error) {
	return j.items.CreateConsumer(ctx, jetstream.ConsumerConfig{
		Durable:        consumerName(partition),
		FilterSubject:  j.name + ".item." + strconv.Itoa(partition) + ".*",
		AckPolicy:      jetstream.AckExplicitPolicy,
		AckWait:        j.ackWait(),
		MaxAckPending:  j.maxPending(),
		PriorityPolicy: jetstream.PriorityPolicyPinned,
		PriorityGroups: []string{pinGroup},
		PinnedTTL:      j.MemberTTL,
	})
}

func consumerName(partition int) string { return "p" + strconv.Itoa(partition) }

// totalKey is where the producer notes how many items the job has, once it knows.
const totalKey = "total"

// total returns how many items the job has; 0 while the producer is at work.
func (j *job) total(ctx context.Context) (uint64, error) {
	entry, err := j.state.Get(ctx, totalKey)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(string(entry.Value()), 10, 64)
}
