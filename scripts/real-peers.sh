#!/usr/bin/env bash
# Unpacks real QUIC peers, Prometheus with its own tools, and mtail from Debian, for the live and the
# crash tests and the comparison.
#
#   scripts/real-peers.sh [--only NAME]... [DIR]        DIR defaults to .peers in the project root
#
# Nothing is installed: the packages are downloaded with an apt state of their own and unpacked under
# DIR, so neither root nor a change to this machine's packages is needed. A second run does nothing.
# Afterwards DIR/bin has: caddy, promtool, prometheus, curl (with HTTP/3), openssl,
# gtlsclient, gtlsserver, mtail, nginx, haproxy, docker-compose, shellcheck, prometheus-alertmanager, amtool.
set -euo pipefail

# name       suite   with its dependencies?  packages                      programs
PEERS='
caddy        sid     alone                   caddy                         usr/bin/caddy
promtool     sid     alone                   promtool                      usr/bin/promtool
prometheus   sid     alone                   prometheus                    usr/bin/prometheus
mtail        sid     alone                   mtail                         usr/bin/mtail
shellcheck   sid     closure                 shellcheck                    usr/bin/shellcheck
compose      sid     alone                   docker-compose                usr/libexec/docker/cli-plugins/docker-compose
curl         sid     closure                 curl,openssl                  usr/bin/curl,usr/bin/openssl
ngtcp2       trixie  closure                 ngtcp2-client,ngtcp2-server   usr/bin/gtlsclient,usr/sbin/gtlsserver
nginx        sid     closure                 nginx                         usr/sbin/nginx
haproxy      sid     closure                 haproxy                       usr/sbin/haproxy
alertmanager sid     alone,own-share         prometheus-alertmanager       usr/bin/prometheus-alertmanager,usr/bin/amtool
'
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

fail() {
  echo "real-peers: $*" >&2
  exit 1
}

peer_names() { awk 'NF { print $1 }' <<< "$PEERS"; }
peer_row() { awk -v name="$1" '$1 == name' <<< "$PEERS"; }

# The Debian mirror this machine already uses; its apt configuration is the only place it is named.
host_mirror() {
  apt-get indextargets --format '$(REPO_URI) $(COMPONENT)' 'Created-By: Packages' 2> /dev/null |
    awk '$2 == "main" && $1 ~ /\/debian\/?$/ { print $1; exit }'
}

# An apt state for one suite, apart from the machine's, with an empty list of installed packages.
# Of the machine's apt settings only those for reaching a mirror (proxies, retries) are kept.
prepare_suite() {
  local suite=$1 state=$WORK/apt/$1
  mkdir -p "$state"/etc/apt/{apt.conf.d,preferences.d,sources.list.d,trusted.gpg.d} \
    "$state"/var/lib/{dpkg,apt/lists/partial} "$state"/var/cache/apt/archives/partial
  : > "$state/var/lib/dpkg/status"
  apt-config dump | grep -E '^Acquire::(https?|Retries)' > "$state/etc/apt/apt.conf.d/host" || true
  cat > "$state/etc/apt/sources.list.d/debian.sources" << SOURCES
Types: deb
URIs: $MIRROR
Suites: $suite
Components: main
Architectures: $(dpkg --print-architecture)
Signed-By: $KEYRING
SOURCES
  apt_in "$suite" update > "$WORK/$suite.log" 2>&1 || true
  compgen -G "$state/var/lib/apt/lists/*_Packages*" > /dev/null ||
    fail "cannot read Debian $suite from $MIRROR: $(grep -m1 -E '^(E|Err|W):?' "$WORK/$suite.log" || echo no answer)"
}

apt_in() {
  local state=$WORK/apt/$1
  shift
  apt-get -qq -o Dir="$state" -o Dir::State::status="$state/var/lib/dpkg/status" \
    -o Debug::NoLocking=1 -o APT::Sandbox::User= -o APT::Install-Recommends=0 \
    -o Acquire::Languages=none -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 "$@"
}

# A program on its own dynamic loader and C library, whatever this machine's are.
write_launcher() {
  local peer=$1 path=$2 launcher=$3
  cat > "$launcher" << LAUNCHER
#!/bin/sh
root=\$(cd "\$(dirname "\$0")/../$peer" && pwd)
for loader in "\$root"/usr/lib/*/ld-linux-*.so.*; do break; done
exec "\$loader" --library-path "\${loader%/*}" --argv0 "\$0" "\$root/$path" "\$@"
LAUNCHER
  chmod +x "$launcher"
}

# A program that looks for its data in /usr/share and nowhere else: it alone sees its package's there.
write_own_share_launcher() {
  local peer=$1 path=$2 launcher=$3
  cat > "$launcher" << LAUNCHER
#!/bin/sh
root=\$(cd "\$(dirname "\$0")/../$peer" && pwd)
exec unshare --mount --map-root-user sh -c \\
  'mount --bind "\$0/usr/share" /usr/share && exec "\$0/$path" "\$@"' "\$root" "\$@"
LAUNCHER
  chmod +x "$launcher"
}

# Downloads and unpacks one peer; its root appears under its name only when it is complete and runs.
fetch_peer() {
  local name suite how packages programs deb path program directory
  read -r name suite how packages programs <<< "$(peer_row "$1")"
  local root=$WORK/root/$name debs=$WORK/debs/$name log=$WORK/$1.log
  mkdir -p "$debs/partial" "$root"/usr/{bin,sbin,lib,lib64}
  for directory in bin sbin lib lib64; do ln -s "usr/$directory" "$root/$directory"; done

  if [[ $how = alone* ]]; then
    (cd "$debs" && apt_in "$suite" download ${packages//,/ }) > "$log" 2>&1
  else
    apt_in "$suite" -y -o Dir::Cache::archives="$debs" --download-only install ${packages//,/ } > "$log" 2>&1
  fi || fail "cannot download $packages of Debian $suite: $(grep -m1 '^E:' "$log" || tail -n 1 "$log")"

  for deb in "$debs"/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --no-same-owner --keep-directory-symlink \
      --exclude='./usr/share/doc' --exclude='./usr/share/man' --exclude='./usr/share/locale'
  done
  for deb in "$debs"/"${packages%%,*}"_*.deb; do
    dpkg-deb --show --showformat '${Version}' "$deb" > "$root/.version"
  done
  rm -rf "$debs" "${DIR:?}/$name"
  mv "$root" "$DIR/$name"

  for path in ${programs//,/ }; do
    program=$DIR/bin/${path##*/}
    rm -f "$program"
    if [ "$how" = alone ]; then
      ln -s "../$name/$path" "$program"
    elif [ "$how" = alone,own-share ]; then
      write_own_share_launcher "$name" "$path" "$program"
    else
      write_launcher "$name" "$path" "$program"
    fi
    # nginx and haproxy have no --help.
    "$program" --help < /dev/null > /dev/null 2>&1 || "$program" -v < /dev/null > /dev/null 2> "$log" ||
      fail "${path##*/} of Debian $suite does not run here: $(head -n 1 "$log")"
  done
  touch "$DIR/$name/.complete"
}

# Runs a step for several items at once; of several failures only the first is told.
side_by_side() {
  local step=$1 item
  local -A jobs=()
  shift
  for item in "$@"; do
    "$step" "$item" 2> "$WORK/$item.error" &
    jobs[$item]=$!
  done
  for item in "$@"; do
    if ! wait "${jobs[$item]}"; then
      cat "$WORK/$item.error" >&2
      wait
      exit 1
    fi
  done
}

is_there() { [ -e "$DIR/$1/.complete" ]; }

wanted=()
DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/.peers
while [ $# -gt 0 ]; do
  case $1 in
    --only)
      [ -n "$(peer_row "${2-}")" ] || fail "--only takes one of: $(peer_names | xargs)"
      wanted+=("$2")
      shift
      ;;
    -*) fail "unknown option $1 (usage: real-peers.sh [--only NAME]... [DIR])" ;;
    *) DIR=$1 ;;
  esac
  shift
done
[ ${#wanted[@]} -gt 0 ] || mapfile -t wanted < <(peer_names)

missing=()
for name in "${wanted[@]}"; do is_there "$name" || missing+=("$name"); done

if [ ${#missing[@]} -gt 0 ]; then
  for tool in apt-get dpkg-deb tar; do
    command -v "$tool" > /dev/null || fail "$tool is not here: the peers come from Debian packages"
  done
  [ -r "$KEYRING" ] || fail "$KEYRING is not here: Debian's signatures cannot be checked"
  MIRROR=$(host_mirror)
  [ -n "$MIRROR" ] || fail "this machine's apt configuration names no Debian mirror"
  mkdir -p "$DIR/bin"
  DIR=$(cd "$DIR" && pwd)
  WORK=$(mktemp -d "$DIR/.work.XXXXXX")
  trap 'rm -rf "$WORK"' EXIT

  mapfile -t suites < <(for name in "${missing[@]}"; do peer_row "$name"; done | awk '{ print $2 }' | sort -u)
  side_by_side prepare_suite "${suites[@]}"
  side_by_side fetch_peer "${missing[@]}"
fi

for name in "${wanted[@]}"; do echo "$name $(cat "$DIR/$name/.version")"; done
