# How every image is built. `make images` and `bench images build` call this file; by hand, from the project's root:
#   docker buildx bake -f images/docker-bake.hcl [TARGET...]
# By hand an image gets no label that is computed from files (runner and lock hashes): `bench` refuses to time such one.
# An engine without a bridge needs bench: only a Compose file, which it adds, can ask bake for the host's network.

variable "FRAMEWORKS" { # bench names every folder of images/ that has a lock file
  default = "onnxruntime openvino pytorch tensorflow tflite"
}

variable "SITE" { # a folder that holds what this machine needs to reach its package index: see bench/site.py
  default = ""
}

group "default" {
  targets = split(" ", FRAMEWORKS)
}

target "_common" {
  contexts = SITE == "" ? {} : { site = SITE }
  attest   = ["type=provenance,disabled=true"]
}

target "_base" { # each target below names its context itself: what bench adds would override an inherited one
  inherits = ["_common"]
  output   = ["type=cacheonly"] # or each would be an image without a name beside the one that needs it
}

# A slim Python 3.11: the last stage of every framework's image.
target "python" {
  inherits = ["_base"]
  context  = "images/base"
  target   = "python"
}

# The same with `make-venv`: where packages are installed.
target "build" {
  inherits = ["_base"]
  context  = "images/base"
  target   = "build"
}

# Our own package with its bytecode: one layer, the same in every image.
target "runner" {
  inherits = ["_base"]
  context  = "images/base"
  target   = "runner"
  contexts = { source = "runner" }
}

target "_framework" {
  inherits = ["_common"]
  contexts = {
    python = "target:python"
    build  = "target:build"
    runner = "target:runner"
  }
  platforms = ["linux/amd64"]
  # Layers stay on this machine: compressing them would take longer than making them.
  output = ["type=image,compression=uncompressed"]
}

target "framework" {
  name     = framework
  matrix   = { framework = split(" ", FRAMEWORKS) }
  inherits = ["_framework"]
  context  = "images/${framework}"
  tags     = ["edgebench/${framework}:amd64"]
  labels = {
    "org.edgebench.framework"            = framework
    "org.opencontainers.image.base.name"   = "docker.io/library/debian:bookworm-slim"
  }
}

# The images that make models: models/export and models/convert.
target "models" {
  name     = "models-${step}"
  matrix   = { step = ["export", "convert"] }
  inherits = ["_framework"]
  context  = "models/${step}"
  tags     = ["edgebench/models-${step}:amd64"]
}
