package batch_test

import (
	"context"
	"fmt"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// merge makes one customer of two.
type merge struct {
	From string `json:"from"`
	Into string `json:"into"`
}

// printing is a sender that prints each call and applies what it is given.
type printing struct{}

func (printing) Send(_ context.Context, items [][]byte) ([]caperrors.Verdict, error) {
	fmt.Printf("call with %s\n", items)
	verdicts := make([]caperrors.Verdict, len(items))
	for i := range verdicts {
		verdicts[i].Outcome = caperrors.Applied
	}
	return verdicts, nil
}

// The second merge waits for the first: both concern bob. The third does not.
func ExampleConfig_severalKeys() {
	eng, err := batch.New(printing{}, batch.Config[merge]{
		Keys: func(m merge) []string { return []string{m.From, m.Into} },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = eng.Do(context.Background(), []merge{{"ann", "bob"}, {"bob", "cid"}, {"dan", "eve"}})
	fmt.Println(err)
	// Output:
	// call with [{"from":"ann","into":"bob"} {"from":"dan","into":"eve"}]
	// call with [{"from":"bob","into":"cid"}]
	// <nil>
}
