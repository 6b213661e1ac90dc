// Quickstart sends one bill and prints what became of it.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
)

func main() {
	c, err := client.New(os.Getenv("CAPILLARY_BASE_URL"), client.WithBasic(os.Getenv("CAPILLARY_USERNAME"), os.Getenv("CAPILLARY_PASSWORD")))
	if err != nil {
		log.Fatal(err)
	}
	eng, err := batch.New(c.Bulk(client.TransactionsBulk), batch.Config[map[string]any]{})
	if err != nil {
		log.Fatal(err)
	}
	rep, err := eng.Do(context.Background(), []map[string]any{{"billNumber": "B-1", "billAmount": 40, "identifierType": "mobile", "identifierValue": "447700900001"}})
	for _, r := range rep.Results { // one for each item, also when err is not nil
		fmt.Println(r.ID, r.Outcome, r.Err)
	}
	if err != nil {
		log.Fatal(err)
	}
}
