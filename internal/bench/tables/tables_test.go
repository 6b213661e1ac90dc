package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheTablesComeToTheirEnd(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"limits", "retries", "lanes"} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			require.NoError(t, run(&out, options{items: 3000, seconds: 1, only: part}))
			rows := 0
			for line := range strings.Lines(out.String()) {
				if strings.HasPrefix(line, "|") {
					rows++
				}
			}
			assert.Equal(t, 2+map[string]int{"limits": 13, "retries": 4, "lanes": 3}[part], rows)
		})
	}
}

// plain sends calls of ten and tells what they said.
func plain(ctx context.Context, bulk *client.Bulk, in *input) error {
	for items := in.take(10); len(items) > 0; items = in.take(10) {
		verdicts, err := bulk.Send(ctx, items)
		in.tellAll(items, verdicts, err)
		if err != nil {
			return err
		}
	}
	return nil
}

// A load fails the run if its writer loses an item, doubles one, or tells what
// is not so.
func TestALoadThatIsNotSoundFails(t *testing.T) {
	t.Parallel()
	ten := func(in *input) [][]byte { return in.take(10) }
	tests := map[string]struct {
		write   writer
		repeats bool
		want    string // empty: it is sound
	}{
		"sound": {write: plain},
		"an item without a result": {
			write: func(ctx context.Context, bulk *client.Bulk, in *input) error {
				in.take(1)
				return plain(ctx, bulk, in)
			},
			want: "29 items have a result, not 30",
		},
		"an item with two results": {
			write: func(ctx context.Context, bulk *client.Bulk, in *input) error {
				in.tell(item(7), caperrors.Applied)
				return plain(ctx, bulk, in)
			},
			want: "item b7 has 2 results",
		},
		"applied twice": {
			write: func(ctx context.Context, bulk *client.Bulk, in *input) error {
				if _, err := bulk.Send(ctx, [][]byte{item(7)}); err != nil {
					return err
				}
				return plain(ctx, bulk, in)
			},
			want: "item b7 was applied 2 times",
		},
		"applied twice by a writer that is known to": {
			write: func(ctx context.Context, bulk *client.Bulk, in *input) error {
				if _, err := bulk.Send(ctx, [][]byte{item(7)}); err != nil {
					return err
				}
				return plain(ctx, bulk, in)
			},
			repeats: true,
		},
		"told as applied, and never sent": {
			write: func(ctx context.Context, bulk *client.Bulk, in *input) error {
				in.tell(in.take(1)[0], caperrors.Applied)
				return plain(ctx, bulk, in)
			},
			repeats: true,
			want:    "item b0 is told as applied and was not",
		},
		"told as refused, and applied": {
			write: func(ctx context.Context, bulk *client.Bulk, in *input) error {
				items := ten(in)
				for _, body := range items {
					in.tell(body, caperrors.Refused)
				}
				if _, err := bulk.Send(ctx, items); err != nil {
					return err
				}
				return plain(ctx, bulk, in)
			},
			want: "is told as refused and was applied",
		},
		"told as a duplicate": {
			write: func(ctx context.Context, bulk *client.Bulk, in *input) error {
				in.tell(in.take(1)[0], caperrors.Duplicate)
				return plain(ctx, bulk, in)
			},
			want: "item b0 is told as a duplicate and was sent once",
		},
		"applied, and nobody was told": {
			write: func(ctx context.Context, bulk *client.Bulk, in *input) error {
				if _, err := bulk.Send(ctx, [][]byte{item(99)}); err != nil {
					return err
				}
				return plain(ctx, bulk, in)
			},
			want: "item b99 was applied and has no result",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st, err := load(clienttest.Options{}, 30, tt.write, tt.repeats)
			if tt.want != "" {
				require.ErrorContains(t, err, tt.want)
				return
			}
			require.NoError(t, err)
			assert.GreaterOrEqual(t, st.ItemsApplied, 30)
		})
	}
}

// What is refused as too large must be what is too large by itself.
func TestALoadThatRefusesOthersFails(t *testing.T) {
	t.Parallel()
	b := poisoned(1, 300)
	_, err := b.run(func(ctx context.Context, bulk *client.Bulk, in *input) error {
		in.tell(in.take(1)[0], caperrors.Refused) // a good one, that is never sent
		return halve(ctx, bulk, in)
	}, false)
	require.ErrorContains(t, err, "item b0 is told as refused")
}

func TestARunAgainstALimitedServerThatIsNotSoundFails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		drive func(ctx context.Context, bulk *client.Bulk, told *book) error
		want  string
	}{
		"lies": {
			drive: func(_ context.Context, _ *client.Bulk, told *book) error {
				told.tell(item(1), caperrors.Applied)
				return nil
			},
			want: "item b1 is told as applied and was not",
		},
		"doubles": {
			drive: func(ctx context.Context, bulk *client.Bulk, told *book) error {
				told.tell(item(1), caperrors.Unknown)
				_, _ = bulk.Send(ctx, [][]byte{item(1)})
				_, err := bulk.Send(ctx, [][]byte{item(1)})
				return err
			},
			want: "item b1 was applied 2 times",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := driver{name, tt.drive}.against(scenarios[0], time.Minute)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// By hand: 20,000 items in 100 calls of 200, 20,000 in 400 of 50, the rest in
// calls of 500.
func TestTheFewestCalls(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]int{200: 1, 201: 2, 20_000: 100, 20_001: 101, 40_000: 500, 40_001: 501, 200_000: 820} {
		assert.Equal(t, want, changing(n).fewest, n)
	}
	b := poisoned(100, 100_000)
	assert.Equal(t, 999, b.fewest)
	poison := 0
	for i := range b.n {
		if b.isPoison(i) {
			poison++
		}
	}
	assert.Equal(t, 100, poison)
}

func TestNothingToMeasure(t *testing.T) {
	t.Parallel()
	require.Error(t, run(&bytes.Buffer{}, options{seconds: 1}))
	require.Error(t, run(&bytes.Buffer{}, options{items: 1}))
}

func TestCount(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		assert.Equal(t, want, count(n))
	}
}
