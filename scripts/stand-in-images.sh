#!/usr/bin/env bash
# Makes local stand-ins for the images that the Dockerfile and the compose file name, where no registry of
# images can be reached: the same programs, from Debian and npm, under the same tags.
#
#   scripts/stand-in-images.sh [--remove]
#
# Needs a Docker engine, mmdebstrap and npm. An image that is there already is left alone, the real one above
# all. Grafana is packaged by neither Debian nor npm: there is no stand-in for it, and a test runs without it.
# What this machine needs to reach npm (registry, certificates, proxy) goes into the stand-in for Node.js, so
# that the Dockerfile is built as it is.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PEERS=${QUIC_PEERS:-$ROOT/.peers}
LABEL=quic-lb-exporter.stand-in
BASE=quic-lb-exporter-stand-in-base:bookworm
COMPOSE=$ROOT/docker-compose.monitoring.yml

fail() {
  echo "stand-in-images: $*" >&2
  exit 1
}

# The one tag of an image that the compose file names: the only place where versions stand.
tag_of() {
  local tags
  tags=$(sed -nE "s|^ *image: ($1:[^ ]+)$|\1|p" "$COMPOSE" | sort -u)
  case $tags in
    '' | *$'\n'*) fail "the compose file does not name one tag of $1" ;;
    *) echo "$tags" ;;
  esac
}

is_there() { docker image inspect "$1" > /dev/null 2>&1; }

# build TAG DIR: an image that says what it is.
build() {
  docker build --quiet --label "$LABEL=true" --tag "$1" "$2" > /dev/null
  echo "$1 $(docker image inspect --format '{{.Size}}' "$1") bytes"
}

make_base() {
  is_there "$BASE" && return
  # busybox: the real images are made with it, and the health checks use its wget.
  mmdebstrap --quiet --variant=minbase --include=ca-certificates,busybox,libcap2-bin bookworm - |
    docker import - "$BASE-raw" > /dev/null
  mkdir -p "$WORK/base"
  cat > "$WORK/base/Dockerfile" << DOCKERFILE
FROM $BASE-raw
RUN ln -s busybox /bin/wget
DOCKERFILE
  build "$BASE" "$WORK/base"
}

# What npm on this machine was told; values that are not set read "null".
npm_settings() {
  local key value
  for key in registry proxy https-proxy; do
    value=$(npm config get "$key")
    case $value in null | undefined | '') ;; *) echo "$key=$value" ;; esac
  done
  echo cafile=/etc/ssl/certs/ca-certificates.crt
}

make_node() {
  local tag=$1 dir=$WORK/node arch
  local version=${tag#*:}
  case $(uname -m) in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; *) fail "no Node.js for $(uname -m)" ;; esac
  mkdir -p "$dir"
  npm install --silent --no-save --no-audit --no-fund --ignore-scripts --prefix "$WORK/npm" \
    "node-linux-$arch@${version%%-*}" npm@11
  cp "$WORK/npm/node_modules/node-linux-$arch/bin/node" "$dir/node"
  cp -R "$WORK/npm/node_modules/npm" "$dir/npm"
  cp "${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}" "$dir/ca.crt"
  npm_settings > "$dir/npmrc"
  cat > "$dir/Dockerfile" << DOCKERFILE
FROM $BASE
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
COPY ca.crt /etc/ssl/certs/ca-certificates.crt
COPY npmrc /usr/local/etc/npmrc
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
  && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
CMD ["node"]
DOCKERFILE
  build "$tag" "$dir"
}

make_prometheus() {
  local dir=$WORK/prometheus
  mkdir -p "$dir"
  cp "$PEERS/prometheus/usr/bin/prometheus" "$PEERS/promtool/usr/bin/promtool" "$dir"
  cat > "$dir/Dockerfile" << DOCKERFILE
FROM $BASE
COPY prometheus promtool /bin/
RUN install -d -o nobody -g nogroup /prometheus && install -d /etc/prometheus
USER nobody
WORKDIR /prometheus
VOLUME /prometheus
EXPOSE 9090
ENTRYPOINT ["/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
DOCKERFILE
  build "$1" "$dir"
}

make_alertmanager() {
  local dir=$WORK/alertmanager
  mkdir -p "$dir"
  cp "$PEERS/alertmanager/usr/bin/prometheus-alertmanager" "$dir/alertmanager"
  # Debian's program reads its default template from here, that of the real image has it built in.
  cp "$PEERS/alertmanager/usr/share/prometheus/alertmanager/"*.tmpl "$dir"
  cat > "$dir/Dockerfile" << DOCKERFILE
FROM $BASE
COPY alertmanager /bin/
COPY *.tmpl /usr/share/prometheus/alertmanager/
RUN install -d -o nobody -g nogroup /alertmanager && install -d /etc/alertmanager
USER nobody
WORKDIR /alertmanager
VOLUME /alertmanager
EXPOSE 9093
ENTRYPOINT ["/bin/alertmanager"]
CMD ["--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager"]
DOCKERFILE
  build "$1" "$dir"
}

make_caddy() {
  local dir=$WORK/caddy
  mkdir -p "$dir"
  cp "$PEERS/caddy/usr/bin/caddy" "$dir"
  # As in the real image, the program asks for a capability: without it in the bounding set it does not start.
  cat > "$dir/Dockerfile" << DOCKERFILE
FROM $BASE
COPY caddy /usr/bin/
RUN setcap cap_net_bind_service=+ep /usr/bin/caddy
ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data
WORKDIR /srv
EXPOSE 80 443 443/udp 2019
CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
DOCKERFILE
  build "$1" "$dir"
}

# All that was made here, and what was built upon it, which inherits the label.
remove() {
  local tags
  tags=$(docker image ls --filter "label=$LABEL" --format '{{.Repository}}:{{.Tag}}' | grep -v '<none>' || true)
  # shellcheck disable=SC2086 # one word for each tag
  [ -z "$tags" ] || docker image rm --force $tags > /dev/null
  docker image prune --force --filter "label=$LABEL" > /dev/null
  docker image rm --force "$BASE-raw" > /dev/null 2>&1 || true
}

docker info > /dev/null 2>&1 || fail 'no Docker engine answers'
case ${1-} in
  --remove)
    remove
    exit
    ;;
  '') ;;
  *) fail "unknown argument $1 (usage: stand-in-images.sh [--remove])" ;;
esac
for tool in mmdebstrap npm; do
  command -v "$tool" > /dev/null || fail "$tool is not here"
done

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
"$ROOT/scripts/real-peers.sh" --only caddy --only prometheus --only promtool --only alertmanager "$PEERS" > /dev/null
make_base
for name in node prom/prometheus prom/alertmanager caddy; do
  tag=$(tag_of "$name")
  if is_there "$tag"; then
    echo "$tag is there"
  else
    "make_${name#prom/}" "$tag"
  fi
done
