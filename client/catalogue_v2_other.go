package client

import (
	"net/http"
	"net/url"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Stores, messages, one-time codes, surveys, events and the organization of v2.
var (
	// StoresAddBulk adds stores.
	StoresAddBulk = Endpoint{
		Name: "v2/orgEntity/store/bulk", Method: http.MethodPost, Path: "v2/orgEntity/store/bulk",
		Version: caperrors.V2, Entity: "store", Envelope: EnvelopeV2Bulk,
		Items: "response", EchoID: "result.code", IDField: "code", KeyFields: []string{"code"},
	}
	// StoresUpdateBulk replaces whole records of stores, in chunks of 200.
	StoresUpdateBulk = Endpoint{
		Name: "PUT v2/orgEntity/store/bulk", Method: http.MethodPut, Path: "v2/orgEntity/store/bulk",
		Version: caperrors.V2, Entity: "store", Envelope: EnvelopeV2Bulk,
		Items: "response", EchoID: "result.code", IDField: "code", KeyFields: []string{"code"},
	}
	// StoreAdd adds a store.
	StoreAdd = Endpoint{
		Name: "v2/orgEntity/store", Method: http.MethodPost, Path: "v2/orgEntity/store",
		Version: caperrors.V2, Entity: "store", Envelope: EnvelopeV2Single,
		IDField: "code",
	}
	// TillAdd adds a till.
	TillAdd = Endpoint{
		Name: "v2/orgEntity/till", Method: http.MethodPost, Path: "v2/orgEntity/till",
		Version: caperrors.V2, Entity: "till", Envelope: EnvelopeV2Single,
		IDField: "code",
	}
	// AssociateAdd adds a member of the staff of a store.
	AssociateAdd = Endpoint{
		Name: "v2/orgEntity/associate", Method: http.MethodPost, Path: "v2/orgEntity/associate",
		Version: caperrors.V2, Entity: "staff", Envelope: EnvelopeV2Single,
	}
	// SMSSend sends text messages.
	SMSSend = Endpoint{
		Name: "v2/communications/sendMessage?channel=sms", Method: http.MethodPost, Path: "v2/communications/sendMessage", Query: url.Values{"channel": {"sms"}},
		Version: caperrors.V2, Entity: "communication", Envelope: EnvelopeV2Bulk,
		List: "sms", Items: "smsList", RequestStatus: "status", EchoID: "sms.to", IDField: "to", KeyFields: []string{"to"},
	}
	// EmailsSend sends e-mails.
	EmailsSend = Endpoint{
		Name: "v2/communications/sendMessage?channel=email", Method: http.MethodPost, Path: "v2/communications/sendMessage", Query: url.Values{"channel": {"email"}},
		Version: caperrors.V2, Entity: "communication", Envelope: EnvelopeV2Bulk,
		List: "email", Items: "emailList", RequestStatus: "status", EchoID: "email.to", IDField: "to",
		KeyFields: []string{"to"},
	}
	// EmailSend sends an e-mail by the older call.
	EmailSend = Endpoint{
		Name: "v2/communications/email", Method: http.MethodPost, Path: "v2/communications/email",
		Version: caperrors.V2, Entity: "communication", Envelope: EnvelopeV2Single,
	}
	// MessageResend sends a message again.
	MessageResend = Endpoint{
		Name: "v2/communications/resend", Method: http.MethodPost, Path: "v2/communications/resend",
		Version: caperrors.V2, Entity: "communication", Envelope: EnvelopeV2Single,
		IDField: "messageId",
	}
	// OTPGenerate has a one-time code sent.
	OTPGenerate = Endpoint{
		Name: "v2/otp/generate", Method: http.MethodPost, Path: "v2/otp/generate",
		Version: caperrors.V2, Entity: "otp", Envelope: EnvelopeV2Single,
	}
	// OTPValidate checks a one-time code, which is used up then.
	OTPValidate = Endpoint{
		Name: "v2/otp/validate", Method: http.MethodPost, Path: "v2/otp/validate",
		Version: caperrors.V2, Entity: "otp", Envelope: EnvelopeV2Single,
	}
	// SurveyQuestionsAdd adds questions to a survey, which the query names.
	SurveyQuestionsAdd = Endpoint{
		Name: "v2/survey/questions", Method: http.MethodPost, Path: "v2/survey/questions",
		Version: caperrors.V2, Entity: "survey", Envelope: EnvelopeV2Bulk,
		Items: "data", Status: NoStatus, IDField: "qxnExternalId",
	}
	// SurveyResponsesAdd adds answers to a survey, which the query names.
	SurveyResponsesAdd = Endpoint{
		Name: "v2/survey/responses", Method: http.MethodPost, Path: "v2/survey/responses",
		Version: caperrors.V2, Entity: "survey", Envelope: EnvelopeV2Bulk,
		Items: "data", Status: NoStatus, EchoID: "surveyQuestionId", IDField: "surveyQuestionId",
		KeyFields: []string{"userId"},
	}
	// EventAdd reports what a customer did. It is taken into a queue: applied with
	// [caperrors.ErrQueued].
	EventAdd = Endpoint{
		Name: "v2/events", Method: http.MethodPost, Path: "v2/events",
		Version: caperrors.V2, Entity: "event", Envelope: EnvelopeV2Single,
		Status: "status",
	}
	// FleetHierarchyAdd adds a hierarchy with its roles.
	FleetHierarchyAdd = Endpoint{
		Name: "v2/fleetHierarchy", Method: http.MethodPost, Path: "v2/fleetHierarchy",
		Version: caperrors.V2, Entity: "company", Envelope: EnvelopeV2Single,
		IDField: "code",
	}
	// OrgConfigsUpdate changes settings of the organization.
	OrgConfigsUpdate = Endpoint{
		Name: "v2/organization/configs", Method: http.MethodPost, Path: "v2/organization/configs",
		Version: caperrors.V2, Entity: "organization", Envelope: EnvelopeV2Single,
	}
	// CurrencyRatioAdd sets an exchange rate.
	CurrencyRatioAdd = Endpoint{
		Name: "v2/currencyratio", Method: http.MethodPost, Path: "v2/currencyratio",
		Version: caperrors.V2, Entity: "organization", Envelope: EnvelopeV2Single,
		IDField: "currencyCode",
	}
)
