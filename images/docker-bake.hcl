# How every image is built. `make images` and `bench images build` call this file; by hand, from the project's root:
#   docker buildx bake -f images/docker-bake.hcl [TARGET...]
# By hand an image gets no label that is computed from files (runner and lock hashes): `bench` refuses to time such one.
# An engine without a bridge needs bench: only a Compose file, which it adds, can ask bake for the host's network.

variable "FRAMEWORKS" { # bench names every folder of images/ that has a lock file
  default = "onnxruntime openvino pytorch tensorflow tflite"
}

variable "STEPS" { # and every step of making models
  default = "export convert"
}

variable "COMPILED" { # frameworks that are compiled here: their Dockerfile has a stage `library`
  default = "caffe darknet"
}

variable "PYTHON39" { # frameworks whose last wheels are for Python 3.9: they stand on Debian 11
  default = "coral movidius"
}

variable "VENDORED" { # frameworks that stand on a vendor's image; bench names it (images/vendor/bases.toml) as `base`
  default = "l4t-onnxruntime l4t-pytorch l4t-tensorflow l4t-tensorrt tensorrt"
}

variable "PLATFORM" { # amd64, arm64, l4t-r32, l4t-r35, l4t-r36: the tag
  default = "amd64"
}

variable "ARCH" { # amd64 or arm64: what the engine must be able to run
  default = "amd64"
}

variable "SITE" { # a folder that holds what this machine needs to reach its package index: see bench/images/pip_site.py
  default = ""
}

group "default" {
  targets = split(" ", FRAMEWORKS)
}

target "_common" {
  contexts = SITE == "" ? {} : { site = SITE }
  attest   = ["type=provenance,disabled=true"]
  platforms = ["linux/${ARCH}"]
}

target "_base" { # each target below names its context itself: what bench adds would override an inherited one
  inherits = ["_common"]
  output   = ["type=cacheonly"] # or each would be an image without a name beside the one that needs it
}

# A slim Python: the last stage of every framework's image.
target "python" {
  inherits = ["_base"]
  context  = "images/base"
  target   = "python"
}

# The same with `make-venv`, for stages that only unpack packages. It is always of the builder's own architecture,
# whatever it makes them for, so that nothing is emulated; a stage that compiles begins with debian:bookworm-slim.
target "build" {
  inherits  = ["_base"]
  context   = "images/base"
  target    = "build"
  platforms = []
  args      = { INSTALL_FOR = ARCH }
}

# Our own package with its bytecode: one layer, the same in every image.
target "runner" {
  inherits  = ["_base"]
  context   = "images/base"
  target    = "runner"
  contexts  = { source = "runner" }
  platforms = []
}

target "_python39" {
  args = { DEBIAN = "bullseye", SUITE = "bullseye", PYTHON = "3.9", PIP = "python-pip-whl python3-distutils" }
}

target "python39" {
  inherits = ["python", "_python39"]
}

target "build39" {
  inherits = ["build", "_python39"]
}

target "runner39" {
  inherits = ["runner", "_python39"]
}

function "needs39" {
  params = [framework]
  result = contains(split(" ", PYTHON39), framework)
}

# What takes the place of a vendor's image that cannot be pulled.
target "stand-in" {
  inherits = ["_base"]
  context  = "images/vendor"
}

target "_framework" {
  inherits = ["_common"]
  contexts = {
    python = "target:python"
    build  = "target:build"
    runner = "target:runner"
  }
  # Layers stay on this machine: compressing them would take longer than making them.
  output = ["type=image,compression=uncompressed"]
}

target "framework" {
  name     = framework
  matrix   = { framework = split(" ", FRAMEWORKS) }
  inherits = ["_framework"]
  context  = "images/${framework}"
  contexts = {
    python = needs39(framework) ? "target:python39" : "target:python"
    build  = needs39(framework) ? "target:build39" : "target:build"
    runner = needs39(framework) ? "target:runner39" : "target:runner"
    vendor = "images/vendor"
  }
  tags     = ["edgebench/${framework}:${PLATFORM}"]
  labels = merge({ "org.edgebench.framework" = framework }, contains(split(" ", VENDORED), framework) ? {} : {
    "org.opencontainers.image.base.name" = "docker.io/library/debian:${needs39(framework) ? "bullseye" : "bookworm"}-slim"
  })
}

# What the image of such a framework compiles: the step of its name tries models with it.
target "library" {
  name     = "${framework}-library"
  matrix   = { framework = split(" ", COMPILED) }
  inherits = ["_framework"]
  context  = "images/${framework}"
  target   = "library"
  output   = ["type=cacheonly"]
}

# The images that make models: models/export and models/convert.
target "models" {
  name     = "models-${step}"
  matrix   = { step = split(" ", STEPS) }
  inherits = ["_framework"]
  context  = "models/${step}"
  contexts = contains(split(" ", COMPILED), step) ? { library = "target:${step}-library" } : {}
  tags     = ["edgebench/models-${step}:${PLATFORM}"]
}

# bench itself: it takes most of the project.
target "bench" {
  inherits   = ["_common"]
  context    = "."
  dockerfile = "images/bench/Dockerfile"
  contexts   = { build = "target:build" }
  output     = ["type=image,compression=uncompressed"]
  tags       = ["edgebench/bench:${PLATFORM}"]
}

# BuildKit's scanner for the SBOM of an image that is pushed: always this machine's own architecture.
target "sbom" {
  inherits = ["_framework"]
  context  = "images/sbom"
  tags     = ["edgebench/sbom:${PLATFORM}"]
}
