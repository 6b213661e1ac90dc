# Thin: what takes more than one command is a step of .ci/run, so that make and CI agree.
.DEFAULT_GOAL := check
.PHONY: check test lint race fuzz examples tidy long longrace ci help

export GOWORK := off

check: test lint ## test and lint (default)

test: ## run all tests
	go test ./...

lint: ## run golangci-lint, in the version CI uses
	bash .ci/run lint

race: ## run all tests with the race detector
	bash .ci/run race

fuzz: ## fuzz every target for FUZZTIME each (default 2s)
	bash .ci/run fuzz

examples: ## build, vet and test the nested modules
	bash .ci/run nested

tidy: ## fail if a go.mod or go.sum is not tidy
	bash .ci/run tidy

long: ## run all tests, the long ones too
	CAPILLARY_LONG=1 go test -timeout 60m ./...

longrace: ## run the random loads of the engine, 25,000, with the race detector
	CAPILLARY_LONG=1 go test -race -timeout 60m -run '^(TestWhatever|TestALoadOfManyLives|TestACheckpointOfAnyMoment)' ./batch

ci: ## run everything CI runs
	bash .ci/run

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
