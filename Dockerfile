# Everything that builds Mayfly's images, so that builds are the same anywhere:
#   docker build -t mayfly-builder .
#   docker run --rm -v mayfly-cache:/cache mayfly-builder build
#   docker run --rm -v mayfly-cache:/cache -v "$PWD:/work" mayfly-builder build java,./my-module --name shop
# The images lie in the volume, under /cache/images.
FROM debian:bookworm-slim
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]

# For the builder itself, for npm, and for `mayfly image check` and `export`; `mayfly doctor` says what each is for.
RUN apt-get update \
  && apt-get install -y --no-install-recommends \
    ca-certificates \
    debian-archive-keyring \
    e2fsprogs \
    erofs-utils \
    libatomic1 \
    nodejs \
    npm \
    qemu-system-x86 \
    qemu-utils \
  && rm -rf /var/lib/apt/lists/*

WORKDIR /mayfly
COPY package.json package-lock.json tsconfig.json mayfly ./
COPY src ./src
RUN NODE_OPTIONS="--require /mayfly/src/setup/npm-for-node-26.cjs" npm ci --omit=dev --no-audit --no-fund && cp package-lock.json node_modules/.mayfly-lock

ENV MAYFLY_CACHE_DIR=/cache
VOLUME /cache
WORKDIR /work
ENTRYPOINT ["/mayfly/mayfly", "image"]
CMD ["build"]
