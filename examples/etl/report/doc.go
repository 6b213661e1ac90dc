// Package report draws the report of a load: one HTML file that needs nothing beside itself, no script and no network, to be read in a
// browser, printed, or attached to a ticket.
//
// A [Recorder] listens to an engine and to the fate of each record for as long as the load runs, in memory that does not grow with it.
// Its Write draws what it knows.
//
// The file holds no credentials, no bodies and no customers' keys. Texts of the service are masked as in errors.
package report
