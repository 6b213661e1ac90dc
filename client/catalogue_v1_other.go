package client

import (
	"net/http"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Products, requests, tasks, messages, stores and the organization of v1.1.
var (
	// V1ProductAdd adds products.
	V1ProductAdd = Endpoint{
		Name: "v1.1/product/add", Method: http.MethodPost, Path: "v1.1/product/add",
		Version: caperrors.V1, Entity: "product", Envelope: EnvelopeV1,
		Root: "product", Items: "product", EchoID: "sku", IDField: "sku", KeyFields: []string{"sku"},
	}
	// V1ProductAttributesAdd adds attributes of products.
	V1ProductAttributesAdd = Endpoint{
		Name: "v1.1/product/attributes", Method: http.MethodPost, Path: "v1.1/product/attributes",
		Version: caperrors.V1, Entity: "product", Envelope: EnvelopeV1,
		Root: "product", Items: "product.attributes.attribute", EchoID: "name", IDField: "name",
		KeyFields: []string{"name"},
	}
	// V1ProductGet returns products by their ids or codes.
	V1ProductGet = Endpoint{
		Name: "v1.1/product/get", Method: http.MethodGet, Path: "v1.1/product/get",
		Version: caperrors.V1, Entity: "product", Envelope: EnvelopeV1,
		Items: "product.item",
	}
	// V1ProductSearch finds products, page by page.
	V1ProductSearch = Endpoint{
		Name: "v1.1/product/search", Method: http.MethodGet, Path: "v1.1/product/search",
		Version: caperrors.V1, Entity: "product", Envelope: EnvelopeV1,
		Items: "product.results.item", Status: NoStatus,
	}
	// V1ProductAttributes returns the attributes of products.
	V1ProductAttributes = Endpoint{
		Name: "GET v1.1/product/attributes", Method: http.MethodGet, Path: "v1.1/product/attributes",
		Version: caperrors.V1, Entity: "product", Envelope: EnvelopeV1,
		Items: "product.attributes.attribute|attributes.attribute", Status: NoStatus,
	}
	// V1ProductCategories returns the categories of products.
	V1ProductCategories = Endpoint{
		Name: "v1.1/product/categories", Method: http.MethodGet, Path: "v1.1/product/categories",
		Version: caperrors.V1, Entity: "product", Envelope: EnvelopeV1,
		Items: "product.categories.category|categories.category", Status: NoStatus,
	}
	// V1ProductBrands returns the brands of products.
	V1ProductBrands = Endpoint{
		Name: "v1.1/product/brands", Method: http.MethodGet, Path: "v1.1/product/brands",
		Version: caperrors.V1, Entity: "product", Envelope: EnvelopeV1,
		Items: "product.brands.brand|brands.brand", Status: NoStatus,
	}
	// V1ProductColors returns the colors of products.
	V1ProductColors = Endpoint{
		Name: "v1.1/product/colors", Method: http.MethodGet, Path: "v1.1/product/colors",
		Version: caperrors.V1, Entity: "product", Envelope: EnvelopeV1,
		Items: "product.colors.color|colors.color", Status: NoStatus,
	}
	// V1ProductSizes returns the sizes of products.
	V1ProductSizes = Endpoint{
		Name: "v1.1/product/sizes", Method: http.MethodGet, Path: "v1.1/product/sizes",
		Version: caperrors.V1, Entity: "product", Envelope: EnvelopeV1,
		Items: "product.sizes.size|sizes.size", Status: NoStatus,
	}
	// V1ProductMetaSizes returns the meta sizes of products.
	V1ProductMetaSizes = Endpoint{
		Name: "v1.1/product/meta_sizes", Method: http.MethodGet, Path: "v1.1/product/meta_sizes",
		Version: caperrors.V1, Entity: "product", Envelope: EnvelopeV1,
		Items: "product.meta_sizes.meta_size|meta_sizes.meta_size", Status: NoStatus,
	}
	// V1RequestAdd adds requests: identifier change, merge, goodwill, retro.
	V1RequestAdd = Endpoint{
		Name: "v1.1/request/add", Method: http.MethodPost, Path: "v1.1/request/add",
		Version: caperrors.V1, Entity: "request", Envelope: EnvelopeV1,
		Root: "request", Items: "requests.request", IDField: "reference_id", KeyFields: v1Customer,
	}
	// V1RequestApprove approves requests. Some answers have no status at all.
	V1RequestApprove = Endpoint{
		Name: "v1.1/request/approve", Method: http.MethodPost, Path: "v1.1/request/approve",
		Version: caperrors.V1, Entity: "request", Envelope: EnvelopeV1,
		Root: "request", Items: "requests.request|requests.goodwill|requests.change_identifier", Status: NoStatus,
		EchoID: "id", IDField: "id", KeyFields: []string{"id"},
	}
	// V1RequestReject rejects requests. Some answers have no status at all.
	V1RequestReject = Endpoint{
		Name: "v1.1/request/reject", Method: http.MethodPost, Path: "v1.1/request/reject",
		Version: caperrors.V1, Entity: "request", Envelope: EnvelopeV1,
		Root: "request", Items: "requests.request|requests.goodwill|requests.change_identifier", Status: NoStatus,
		EchoID: "id", IDField: "id", KeyFields: []string{"id"},
	}
	// V1RequestGet returns requests. They share one status, so that they come as
	// one item.
	V1RequestGet = Endpoint{
		Name: "v1.1/request/get", Method: http.MethodGet, Path: "v1.1/request/get",
		Version: caperrors.V1, Entity: "request", Envelope: EnvelopeV1,
		Items: "requests",
	}
	// V1RequestLogs returns the history of requests. It comes as one item.
	V1RequestLogs = Endpoint{
		Name: "v1.1/request/logs", Method: http.MethodGet, Path: "v1.1/request/logs",
		Version: caperrors.V1, Entity: "request", Envelope: EnvelopeV1,
		Items: "requests",
	}
	// V1TaskAdd adds tasks.
	V1TaskAdd = Endpoint{
		Name: "v1.1/task/add", Method: http.MethodPost, Path: "v1.1/task/add",
		Version: caperrors.V1, Entity: "task", Envelope: EnvelopeV1,
		Root: "task", Items: "tasks.task", IDField: "local_id",
	}
	// V1TaskUpdate changes tasks.
	V1TaskUpdate = Endpoint{
		Name: "v1.1/task/update", Method: http.MethodPost, Path: "v1.1/task/update",
		Version: caperrors.V1, Entity: "task", Envelope: EnvelopeV1,
		Root: "task", Items: "tasks.task", EchoID: "id", IDField: "id", KeyFields: []string{"id"},
	}
	// V1TaskGet returns tasks.
	V1TaskGet = Endpoint{
		Name: "v1.1/task/get", Method: http.MethodGet, Path: "v1.1/task/get",
		Version: caperrors.V1, Entity: "task", Envelope: EnvelopeV1,
		Items: "tasks.task", Status: NoStatus,
	}
	// V1TaskMetadata returns what tasks can be made of.
	V1TaskMetadata = Endpoint{
		Name: "v1.1/task/metadata", Method: http.MethodGet, Path: "v1.1/task/metadata",
		Version: caperrors.V1, Entity: "task", Envelope: EnvelopeV1,
		Items: "tasks", Status: NoStatus,
	}
	// V1TaskLog returns the history of tasks. Only failures have a status.
	V1TaskLog = Endpoint{
		Name: "v1.1/task/log", Method: http.MethodGet, Path: "v1.1/task/log",
		Version: caperrors.V1, Entity: "task", Envelope: EnvelopeV1,
		Items: "tasks.task.log", Status: NoStatus,
	}
	// V1TaskStatusMappingUpdate names the states that tasks can have.
	V1TaskStatusMappingUpdate = Endpoint{
		Name: "v1.1/task/statusmapping", Method: http.MethodPost, Path: "v1.1/task/statusmapping",
		Version: caperrors.V1, Entity: "task", Envelope: EnvelopeV1,
		Root: "status", Items: "tasks.task_statuses.status", IDField: "label", KeyFields: []string{"label"},
	}
	// V1TaskStatusMapping returns the names of the states that tasks can have.
	V1TaskStatusMapping = Endpoint{
		Name: "GET v1.1/task/statusmapping", Method: http.MethodGet, Path: "v1.1/task/statusmapping",
		Version: caperrors.V1, Entity: "task", Envelope: EnvelopeV1,
		Items: "tasks.task_statuses.status", Status: NoStatus,
	}
	// V1TaskReminderAdd adds reminders of tasks.
	V1TaskReminderAdd = Endpoint{
		Name: "v1.1/task/reminder", Method: http.MethodPost, Path: "v1.1/task/reminder",
		Version: caperrors.V1, Entity: "task", Envelope: EnvelopeV1,
		Root: "reminder", Items: "tasks.reminders.reminder",
	}
	// V1TaskReminders returns the reminders of tasks.
	V1TaskReminders = Endpoint{
		Name: "GET v1.1/task/reminder", Method: http.MethodGet, Path: "v1.1/task/reminder",
		Version: caperrors.V1, Entity: "task", Envelope: EnvelopeV1,
		Items: "tasks.reminders.reminder", Status: NoStatus,
	}
	// V1SMSSend sends a text message. The message has no status but the request's.
	V1SMSSend = Endpoint{
		Name: "v1.1/communications/sms", Method: http.MethodPost, Path: "v1.1/communications/sms",
		Version: caperrors.V1, Entity: "communications", Envelope: EnvelopeV1,
		Root: "sms", Items: "sms", Status: NoStatus, IDField: "to", KeyFields: []string{"to"}, MaxItems: 1,
	}
	// V1SMSGet returns a text message that was sent.
	V1SMSGet = Endpoint{
		Name: "GET v1.1/communications/sms", Method: http.MethodGet, Path: "v1.1/communications/sms",
		Version: caperrors.V1, Entity: "communications", Envelope: EnvelopeV1,
		Items: "sms", Status: NoStatus,
	}
	// V1EmailSend sends an e-mail. The message has no status but the request's.
	V1EmailSend = Endpoint{
		Name: "v1.1/communications/email", Method: http.MethodPost, Path: "v1.1/communications/email",
		Version: caperrors.V1, Entity: "communications", Envelope: EnvelopeV1,
		Root: "email", Items: "email", Status: NoStatus, IDField: "to", KeyFields: []string{"to"}, MaxItems: 1,
	}
	// V1EmailGet returns an e-mail that was sent.
	V1EmailGet = Endpoint{
		Name: "GET v1.1/communications/email", Method: http.MethodGet, Path: "v1.1/communications/email",
		Version: caperrors.V1, Entity: "communications", Envelope: EnvelopeV1,
		Items: "email", Status: NoStatus,
	}
	// V1MessageSend sends messages over the channel that the query names. Set Root
	// in a copy for another channel than text messages: email, whatsappMessage or
	// zaloMessage.
	V1MessageSend = Endpoint{
		Name: "v1.1/communications/sendMessage", Method: http.MethodPost, Path: "v1.1/communications/sendMessage",
		Version: caperrors.V1, Entity: "communications", Envelope: EnvelopeV1,
		Root: "sms", Items: "sms|email|whatsappMessage|zaloMessage", Status: NoStatus, IDField: "to",
		KeyFields: []string{"to"},
	}
	// V1OrganizationGet returns the organization.
	V1OrganizationGet = Endpoint{
		Name: "v1.1/organization/get", Method: http.MethodGet, Path: "v1.1/organization/get",
		Version: caperrors.V1, Entity: "organization", Envelope: EnvelopeV1,
		Status: NoStatus,
	}
	// V1OrganizationConfigs returns the settings of the organization.
	V1OrganizationConfigs = Endpoint{
		Name: "v1.1/organization/configs", Method: http.MethodGet, Path: "v1.1/organization/configs",
		Version: caperrors.V1, Entity: "organization", Envelope: EnvelopeV1,
		Status: NoStatus,
	}
	// V1OrganizationStatistics returns figures of the organization.
	V1OrganizationStatistics = Endpoint{
		Name: "v1.1/organization/statistics", Method: http.MethodGet, Path: "v1.1/organization/statistics",
		Version: caperrors.V1, Entity: "organization", Envelope: EnvelopeV1,
		Status: NoStatus,
	}
	// V1OrganizationTopItems returns the items that sell best.
	V1OrganizationTopItems = Endpoint{
		Name: "v1.1/organization/topitems", Method: http.MethodGet, Path: "v1.1/organization/topitems",
		Version: caperrors.V1, Entity: "organization", Envelope: EnvelopeV1,
		Status: NoStatus,
	}
	// V1OrganizationCustomFields returns the custom fields of the organization.
	V1OrganizationCustomFields = Endpoint{
		Name: "v1.1/organization/customfields", Method: http.MethodGet, Path: "v1.1/organization/customfields",
		Version: caperrors.V1, Entity: "organization", Envelope: EnvelopeV1,
		Status: NoStatus,
	}
	// V1OrganizationTenders returns the ways to pay.
	V1OrganizationTenders = Endpoint{
		Name: "v1.1/organization/tenders", Method: http.MethodGet, Path: "v1.1/organization/tenders",
		Version: caperrors.V1, Entity: "organization", Envelope: EnvelopeV1,
		Status: NoStatus,
	}
	// V1OrganizationEntities returns zones, stores and tills, at most 500 a page.
	V1OrganizationEntities = Endpoint{
		Name: "v1.1/organization/entities", Method: http.MethodGet, Path: "v1.1/organization/entities",
		Version: caperrors.V1, Entity: "organization", Envelope: EnvelopeV1,
		Items: "organization.entities.entity",
	}
	// V1StoreGet returns a store.
	V1StoreGet = Endpoint{
		Name: "v1.1/store/get", Method: http.MethodGet, Path: "v1.1/store/get",
		Version: caperrors.V1, Entity: "store", Envelope: EnvelopeV1,
		Items: "stores.store",
	}
	// V1StoreStaff returns the staff of a store.
	V1StoreStaff = Endpoint{
		Name: "v1.1/store/staff", Method: http.MethodGet, Path: "v1.1/store/staff",
		Version: caperrors.V1, Entity: "store", Envelope: EnvelopeV1,
		Status: NoStatus,
	}
	// V1StoreTasks returns the tasks of a store.
	V1StoreTasks = Endpoint{
		Name: "v1.1/store/tasks", Method: http.MethodGet, Path: "v1.1/store/tasks",
		Version: caperrors.V1, Entity: "store", Envelope: EnvelopeV1,
		Status: NoStatus,
	}
	// V1StoreLogin returns who is logged in.
	V1StoreLogin = Endpoint{
		Name: "v1.1/store/login", Method: http.MethodGet, Path: "v1.1/store/login",
		Version: caperrors.V1, Entity: "store", Envelope: EnvelopeV1,
		Status: NoStatus,
	}
	// V1StoreConfigurations returns the settings of a store.
	V1StoreConfigurations = Endpoint{
		Name: "v1.1/store/configurations", Method: http.MethodGet, Path: "v1.1/store/configurations",
		Version: caperrors.V1, Entity: "store", Envelope: EnvelopeV1,
		Status: NoStatus,
	}
	// V1StoreReports returns the reports of a store.
	V1StoreReports = Endpoint{
		Name: "GET v1.1/store/reports", Method: http.MethodGet, Path: "v1.1/store/reports",
		Version: caperrors.V1, Entity: "store", Envelope: EnvelopeV1,
		Status: NoStatus,
	}
	// V1StoreReportAdd uploads a report of a store.
	V1StoreReportAdd = Endpoint{
		Name: "v1.1/store/reports", Method: http.MethodPost, Path: "v1.1/store/reports",
		Version: caperrors.V1, Entity: "store", Envelope: EnvelopeV1,
		Root: "report", Items: "store.report", MaxItems: 1,
	}
	// V1StoreLogs uploads the log of a till. The status of its answer is flat.
	V1StoreLogs = Endpoint{
		Name: "v1.1/store/logs", Method: http.MethodPost, Path: "v1.1/store/logs",
		Version: caperrors.V1, Entity: "store", Envelope: EnvelopeV1,
		Status: NoStatus,
	}
)
