# edgebench-matrix. `make` alone lists what there is.
SHELL := bash
.DEFAULT_GOAL := help
# Runs a command with the engine that is in use: the user's own, or the private one of setup/engine.
ENV := setup/env
BENCH := $(ENV) .venv/bin/bench

.PHONY: help setup demo test lint images models engine-up engine-down emulation-up emulation-down

help: ## show this list
	@grep -hE '^[a-z%/-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 22

demo: ## set up whatever is missing, then measure what a container costs, on this machine
	@setup/demo

test: ## set up whatever is missing, then run every test that this machine can run
	@setup/tests

setup: ## make .venv with the `bench` command in it
	@setup/venv

engine-up: ## make sure that a Docker engine answers (one that already does is left as it is)
	@setup/engine up

engine-down: ## stop the private engine, if one was started; its images stay in the cache
	@setup/engine down

emulation-up: ## make sure that images for arm64 can be built and run on another machine (docs/platforms.md)
	@setup/emulation up

emulation-down: ## undo what emulation-up did
	@setup/emulation down

images: ready ## build the images of this machine's CPU frameworks; others: make images PLATFORM=arm64 GROUP=l4t
	@$(BENCH) images build $(if $(PLATFORM),--platform $(PLATFORM)) $(if $(GROUP),--group $(GROUP))

images/%: ready ## build one framework's image, for example images/onnxruntime
	@$(BENCH) images build $* $(if $(PLATFORM),--platform $(PLATFORM))

models: ready ## make every model in every format
	@$(BENCH) models build

lint: ## check style, types, scripts and Dockerfiles
	@setup/lint

.PHONY: ready
ready: setup engine-up
	@setup/base
