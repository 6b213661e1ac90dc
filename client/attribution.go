package client

import "net/http"

const (
	headerEntityType = "X-CAP-API-ATTRIBUTION-ENTITY-TYPE"
	headerEntityCode = "X-CAP-API-ATTRIBUTION-ENTITY-CODE"
	headerLookupType = "X-CAP-API-ATTRIBUTION-LOOKUP-TYPE"
	headerLookup     = "X-CAP-API-ATTRIBUTION-LOOKUP"
)

// Attribution tells for whom a call acts. There are two ways: with OAuth the
// entity, with Basic on v2 the lookup. The zero value leaves it to the server,
// which takes the till of the credentials.
type Attribution struct {
	// EntityType is what EntityCode names: TILL, STORE_CODE, STORE_NAME,
	// STORE_EXTERNAL_ID, STORE_EXTERNAL_ID_1 or STORE_EXTERNAL_ID_2. Empty
	// means TILL. OAuth only.
	EntityType string
	// EntityCode names the till or store. OAuth only.
	EntityCode string

	// LookupType is what Lookup names: WECHAT or MOBILE_TRIGGER.
	LookupType string
	// Lookup names another till; the server minds upper and lower case.
	Lookup string
}

// validate returns what is wrong as an ArgumentError.
func (a *Attribution) validate(oauth bool) error {
	switch {
	case a.Lookup != "" && a.LookupType == "":
		return argument("Attribution.LookupType", "is needed beside Lookup, else the server refuses the call with 1061")
	case a.LookupType != "" && a.Lookup == "":
		return argument("Attribution.Lookup", "is needed beside LookupType")
	case a.EntityType != "" && a.EntityCode == "":
		return argument("Attribution.EntityCode", "is needed beside EntityType")
	case a.EntityCode != "" && !oauth:
		return argument("Attribution.EntityCode", "works with OAuth only; with Basic use Lookup")
	}
	for _, h := range a.headers() {
		if h.value == "" {
			continue
		}
		if reason := checkHeaderValue(h.value); reason != "" {
			return argument("Attribution."+h.field, reason)
		}
	}
	return nil
}

type attributionHeader struct{ field, name, value string }

func (a *Attribution) headers() [4]attributionHeader {
	return [4]attributionHeader{
		{"EntityType", headerEntityType, a.EntityType},
		{"EntityCode", headerEntityCode, a.EntityCode},
		{"LookupType", headerLookupType, a.LookupType},
		{"Lookup", headerLookup, a.Lookup},
	}
}

// set replaces whatever attribution the header has.
func (a *Attribution) set(header http.Header) {
	for _, h := range a.headers() {
		if h.value == "" {
			header.Del(h.name)
		} else {
			header.Set(h.name, h.value)
		}
	}
}
