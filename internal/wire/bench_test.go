package wire_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

// One item in ten failed.
func benchV1(n int) []byte {
	items := make([]string, n)
	for i := range items {
		status := `{"success":"true","code":"600","message":"Transaction added successfully","warnings":{"warning":[]}}`
		if i%10 == 9 {
			status = `{"success":"false","code":604,"message":"Transaction number exists"}`
		}
		items[i] = fmt.Sprintf(`{"id":"%d","number":"INV-%07d","type":"REGULAR","delivery_status":"DELIVERED","customer":{"user_id":"98662653",`+
			`"mobile":"44770091%04d","firstname":"Alex","lastname":"Sample","email":"customer%d@example.com","lifetime_points":"106",`+
			`"loyalty_points":106,"current_slab":"bronze"},"side_effects":{"effect":[{"type":"points","awarded_points":"12"}]},"item_status":%s}`,
			37813251+i, i, i%10000, i, status)
	}
	return []byte(`{"response":{"status":{"success":"true","code":200,"message":"Success"},"transactions":{"transaction":[` + strings.Join(items, ",") + `]}}}`)
}

func benchBulk(n int) []byte {
	items := make([]string, n)
	for i := range items {
		lists := `"errors":[],"warnings":[]`
		if i%10 == 9 {
			lists = `"errors":[{"status":false,"code":604,"message":"Transaction number exists"}],"warnings":[]`
		}
		items[i] = fmt.Sprintf(`{"entityId":%d,"result":{"identifierType":"mobile","identifierValue":"44770091%04d","source":"INSTORE","type":"REGULAR",`+
			`"billAmount":4808.5,"billNumber":"INV-%07d","discount":0,"lineItemsV2":[{"amount":8,"itemCode":"CGST","qty":1,"returnable":true}],`+
			`"sideEffects":[{"entityType":"USER","awardedPoints":480,"type":"points"}]},%s}`, 360744866+i, i%10000, i, lists)
	}
	return []byte(fmt.Sprintf(`{"response":[%s],"totalCount":%d,"failureCount":%d}`, strings.Join(items, ","), n, n/10))
}

// Revoked coupons: one in ten failed, for one of two reasons.
func benchLists(n int) []byte {
	var done, failed []string
	for i := range n {
		if i%10 == 9 {
			failed = append(failed, fmt.Sprintf(`"INV-%07d"`, i))
		} else {
			done = append(done, fmt.Sprintf(`{"couponId":%d,"couponCode":"INV-%07d","issuedToUserId":%d}`, 1239817476+i, i, 555567088+i))
		}
	}
	half := len(failed) / 2
	return []byte(fmt.Sprintf(`{"entity":{"totalCount":%d,"failedCount":%d,"revokedCoupons":[%s],"failedToRevoke":[`+
		`{"errorCode":682,"errorMessage":"not found","couponCodes":[%s]},{"errorCode":712,"errorMessage":"expired","couponCodes":[%s]}]},"errors":[],"success":true}`,
		n, len(failed), strings.Join(done, ","), strings.Join(failed[:half], ","), strings.Join(failed[half:], ",")))
}

// What a plain program would declare for the same depth: the statuses and the
// bytes of each item.
type (
	plainStatus struct {
		Success json.RawMessage `json:"success"`
		Code    json.RawMessage `json:"code"`
		Message string          `json:"message"`
	}
	plainV1 struct {
		Response struct {
			Status       plainStatus `json:"status"`
			Transactions struct {
				Transaction []json.RawMessage `json:"transaction"`
			} `json:"transactions"`
		} `json:"response"`
	}
	plainItemV1 struct {
		Status plainStatus `json:"item_status"`
	}
	plainBulk struct {
		Response     []json.RawMessage `json:"response"`
		TotalCount   int               `json:"totalCount"`
		FailureCount int               `json:"failureCount"`
	}
	plainItemV2 struct {
		EntityID json.RawMessage `json:"entityId"`
		Errors   []plainStatus   `json:"errors"`
		Warnings []plainStatus   `json:"warnings"`
	}
)

func plainReadV1(b *testing.B, body []byte) {
	b.Helper()
	var answer plainV1
	require.NoError(b, json.Unmarshal(body, &answer))
	for _, raw := range answer.Response.Transactions.Transaction {
		var item plainItemV1
		if err := json.Unmarshal(raw, &item); err != nil {
			b.Fatal(err)
		}
	}
}

type plainLists struct {
	Entity struct {
		Done   []struct{ CouponCode string } `json:"revokedCoupons"`
		Failed []struct {
			ErrorCode    json.RawMessage
			ErrorMessage string
			CouponCodes  []string
		} `json:"failedToRevoke"`
	} `json:"entity"`
}

func plainReadLists(b *testing.B, body []byte) {
	b.Helper()
	var answer plainLists
	require.NoError(b, json.Unmarshal(body, &answer))
	fate := make(map[string]json.RawMessage)
	for _, done := range answer.Entity.Done {
		fate[done.CouponCode] = nil
	}
	for _, failed := range answer.Entity.Failed {
		for _, code := range failed.CouponCodes {
			fate[code] = failed.ErrorCode
		}
	}
}

func plainReadBulk(b *testing.B, body []byte) {
	b.Helper()
	var answer plainBulk
	require.NoError(b, json.Unmarshal(body, &answer))
	for _, raw := range answer.Response {
		var item plainItemV2
		if err := json.Unmarshal(raw, &item); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		ids := make([]string, n)
		for i := range ids {
			ids[i] = fmt.Sprintf("INV-%07d", i)
		}
		for _, bench := range []struct {
			name  string
			body  []byte
			call  wire.Call
			plain func(*testing.B, []byte)
		}{
			{"v1", benchV1(n), v1Call(n), plainReadV1},
			{"bulk", benchBulk(n), bulkCall(n), plainReadBulk},
			{"lists", benchLists(n), listsCall(n), plainReadLists},
		} {
			b.Run(fmt.Sprintf("%s/%d/wire", bench.name, n), func(b *testing.B) {
				b.SetBytes(int64(len(bench.body)))
				b.ReportAllocs()
				c := bench.call
				c.IDs = ids
				for b.Loop() {
					reply, err := wire.Read(wire.HTTP{Status: 200, Body: bench.body}, c)
					if err != nil || len(reply.Verdicts) != n || reply.Verdicts[0].Outcome != caperrors.Applied {
						b.Fatal(err, reply.Verdicts)
					}
				}
			})
			b.Run(fmt.Sprintf("%s/%d/encoding-json", bench.name, n), func(b *testing.B) {
				b.SetBytes(int64(len(bench.body)))
				b.ReportAllocs()
				for b.Loop() {
					bench.plain(b, bench.body)
				}
			})
		}
	}
}

// BenchmarkFields reads the id and the customer of one bill, as a load does for
// each item that it accepts.
func BenchmarkFields(b *testing.B) {
	item := []byte(`{"identifierType":"mobile","identifierValue":"919800000042","source":"INSTORE","billNumber":"INV-00000042","billAmount":4808.5}`)
	b.Run("wire", func(b *testing.B) {
		b.SetBytes(int64(len(item)))
		b.ReportAllocs()
		fields := wire.CompileFields("billNumber", "identifierValue")
		found := make([][]byte, 2)
		for b.Loop() {
			var err error
			if found, err = fields.Read(item, found); err != nil || string(found[1]) != "919800000042" {
				b.Fatal(err, found)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.SetBytes(int64(len(item)))
		b.ReportAllocs()
		for b.Loop() {
			var bill struct{ BillNumber, IdentifierValue string }
			if err := json.Unmarshal(item, &bill); err != nil || bill.IdentifierValue != "919800000042" {
				b.Fatal(err, bill)
			}
		}
	})
}
