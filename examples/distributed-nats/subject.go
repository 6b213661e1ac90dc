package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
)

// place is where an item goes: its subject's last token stands for the customer, and the partition follows from it. Subjects show up
// in listings and logs, and a customer is a phone number or a mail address: so what stands there is a hash, with a salt that each job
// draws anew. It has no dots, spaces or wildcards either, whatever the customer's name has.
type place struct {
	partition int
	token     string // customers' begin with k, those of items without a customer with i
}

// placeOf returns the place of an item. Items without a customer are bound by no order: they are spread by their id.
func (j *job) placeOf(customer, id string) place {
	kind, name := "k", customer
	if customer == "" {
		kind, name = "i", id
	}
	sum := j.hash(kind, name)
	return place{
		partition: int(binary.BigEndian.Uint32(sum) % uint32(j.Partitions)), //nolint:gosec // a small positive number
		token:     kind + hex.EncodeToString(sum[:16]),
	}
}

// hash keeps names of different kinds apart.
func (j *job) hash(kind, name string) []byte {
	mac := hmac.New(sha256.New, j.salt)
	mac.Write([]byte(kind + "\x00" + name))
	return mac.Sum(nil)
}

func (j *job) itemSubject(p place) string {
	return j.name + ".item." + strconv.Itoa(p.partition) + "." + p.token
}

// resultSubject is the item's own, so that the server can refuse a second line for it.
func (j *job) resultSubject(id string) string {
	return j.name + ".result." + hex.EncodeToString(j.hash("r", id)[:16])
}

// deadSubject tells in its third token why the item is there: refused or unknown.
func (j *job) deadSubject(outcome, id string) string {
	return j.name + ".dead." + outcome + "." + hex.EncodeToString(j.hash("r", id)[:16])
}

// tokenOf returns the last token of an item's subject, and whether it stands for a customer.
func tokenOf(subject string) (token string, keyed bool) {
	token = subject[strings.LastIndexByte(subject, '.')+1:]
	return token, strings.HasPrefix(token, "k")
}
