package wire_test

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

// The same answer as that of the benchmark in JSON. One item in ten failed.
func benchXML(n int) []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><response><status><success>true</success><code>200</code><message>Success</message></status><transactions>`)
	for i := range n {
		status := `<success>true</success><code>600</code><message>Transaction added successfully</message><warnings/>`
		if i%10 == 9 {
			status = `<success>false</success><code>604</code><message>Transaction number exists</message>`
		}
		fmt.Fprintf(&b, `<transaction><id>%d</id><number>INV-%07d</number><type>REGULAR</type><delivery_status>DELIVERED</delivery_status><customer>`+
			`<user_id>98662653</user_id><mobile>44770091%04d</mobile><firstname>Alex</firstname><lastname>Sample</lastname>`+
			`<email>customer%d@example.com</email><lifetime_points>106</lifetime_points><loyalty_points>106</loyalty_points>`+
			`<current_slab>bronze</current_slab></customer><side_effects><effect><type>points</type><awarded_points>12</awarded_points></effect></side_effects>`+
			`<item_status>%s</item_status></transaction>`, 37813251+i, i, i%10000, i, status)
	}
	b.WriteString("</transactions></response>")
	return []byte(b.String())
}

// What a plain program would declare: the statuses, or those and the fields.
type (
	plainStatusXML struct {
		Success  string   `xml:"success"`
		Code     string   `xml:"code"`
		Message  string   `xml:"message"`
		Warnings []string `xml:"warnings>warning"`
	}
	plainXML struct {
		Status plainStatusXML `xml:"status"`
		Items  []struct {
			Status plainStatusXML `xml:"item_status"`
		} `xml:"transactions>transaction"`
	}
	plainFieldsXML struct {
		Status plainStatusXML `xml:"status"`
		Items  []struct {
			ID             string `xml:"id"`
			Number         string `xml:"number"`
			Type           string `xml:"type"`
			DeliveryStatus string `xml:"delivery_status"`
			Customer       struct {
				UserID         string `xml:"user_id"`
				Mobile         string `xml:"mobile"`
				Firstname      string `xml:"firstname"`
				Lastname       string `xml:"lastname"`
				Email          string `xml:"email"`
				LifetimePoints string `xml:"lifetime_points"`
				LoyaltyPoints  string `xml:"loyalty_points"`
				CurrentSlab    string `xml:"current_slab"`
			} `xml:"customer"`
			Effects []struct {
				Type   string `xml:"type"`
				Points string `xml:"awarded_points"`
			} `xml:"side_effects>effect"`
			Status plainStatusXML `xml:"item_status"`
		} `xml:"transactions>transaction"`
	}
)

func BenchmarkReadXML(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		body := benchXML(n)
		run := func(name string, read func(b *testing.B)) {
			b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				for b.Loop() {
					read(b)
				}
			})
		}
		c := v1Call(n)
		c.Dialect = wire.V1XML
		for i := range n {
			c.IDs = append(c.IDs, fmt.Sprintf("INV-%07d", i))
		}
		run("wire", func(b *testing.B) {
			b.Helper()
			reply, err := wire.Read(wire.HTTP{Status: 200, Body: body}, c)
			if err != nil || len(reply.Verdicts) != n || reply.Verdicts[0].Outcome != caperrors.Applied {
				b.Fatal(err, reply.Verdicts)
			}
		})
		run("encoding-xml-statuses", func(b *testing.B) {
			b.Helper()
			var answer plainXML
			if err := xml.Unmarshal(body, &answer); err != nil || len(answer.Items) != n || answer.Items[0].Status.Code != "600" {
				b.Fatal(err)
			}
		})
		run("encoding-xml-fields", func(b *testing.B) {
			b.Helper()
			var answer plainFieldsXML
			if err := xml.Unmarshal(body, &answer); err != nil || len(answer.Items) != n || answer.Items[0].Effects[0].Points != "12" {
				b.Fatal(err)
			}
		})
	}
}

type plainRequestXML struct {
	XMLName xml.Name `xml:"root"`
	Items   []plainRequestItem
}

type plainRequestItem struct {
	XMLName xml.Name `xml:"transaction"`
	Number  string   `xml:"number"`
	Amount  float64  `xml:"amount"`
	Mobile  string   `xml:"customer>mobile"`
	Lines   []struct {
		Code string `xml:"item_code"`
	} `xml:"line_items>line_item"`
}

func BenchmarkEncodeXML(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		items := make([][]byte, n)
		plain := plainRequestXML{Items: make([]plainRequestItem, n)}
		for i := range items {
			items[i] = fmt.Appendf(nil, `{"number":"INV-%07d","amount":4808.5,"customer":{"mobile":"447700910000"},"line_items":{"line_item":[{"item_code":"A"},{"item_code":"B"}]}}`, i)
			plain.Items[i] = plainRequestItem{Number: fmt.Sprintf("INV-%07d", i), Amount: 4808.5, Mobile: "447700910000", Lines: make([]struct {
				Code string `xml:"item_code"`
			}, 2)}
		}
		b.Run(fmt.Sprintf("%d/wire", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := wire.EncodeXML("transaction", items); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("%d/encoding-xml", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := xml.Marshal(plain); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
