# The packages of an image, as an SPDX document that `bench images push` attaches to it. Two contexts: `image` is what
# is looked at, of any platform; `scanner` is what looks, of this machine's.
FROM scratch AS image

FROM --platform=$BUILDPLATFORM scanner AS scanned
# It must read what only root may.
# hadolint ignore=DL3002
USER 0
RUN --network=none --mount=type=bind,from=image,target=/image ["/opt/venv/bin/python", "/scan", "/image", "/sbom.spdx.json"]

FROM scratch
COPY --link --from=scanned /sbom.spdx.json /
