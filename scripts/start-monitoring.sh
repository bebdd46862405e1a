#!/usr/bin/env bash
# Starts the monitoring stack in containers, waits until all of it is healthy, and says where it is.
set -euo pipefail

USAGE="usage: start-monitoring.sh [live | demo | replay] [--without-grafana]
       start-monitoring.sh --status | --logs [SERVICE...] | --down [--volumes] | --help

  live    (default) the exporter reads the logs of your own proxy: QUIC_LB_LOGS is a directory of this host,
          docker/live/exporter.yml says what lies in it (docs/deploy/)
  demo    a real HTTP/3 balancer on https://localhost:9443, three backends and traffic
  replay  recorded connections, no proxy and no network

  --without-grafana    for those who have one already
  --status             what runs
  --logs [SERVICE...]  what it says, as it comes; Ctrl-C ends it
  --down               stops all; what was measured stays. With --volumes that is deleted too

Ports, if these are taken: EXPORTER_PORT (19114), PROMETHEUS_PORT (9090), ALERTMANAGER_PORT (9093),
GRAFANA_PORT (3000), LB_PORT (9443). Grafana's login: GRAFANA_ADMIN_USER, GRAFANA_ADMIN_PASSWORD.
How long Prometheus keeps what it has: PROMETHEUS_RETENTION (30d)."

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PROJECT=${COMPOSE_PROJECT_NAME:-quic-lb-monitoring}
WAIT_SECONDS=180
: "${EXPORTER_PORT:=19114}" "${PROMETHEUS_PORT:=9090}" "${ALERTMANAGER_PORT:=9093}"
: "${GRAFANA_PORT:=3000}" "${LB_PORT:=9443}"
export EXPORTER_PORT PROMETHEUS_PORT ALERTMANAGER_PORT GRAFANA_PORT LB_PORT

say() { printf '%s\n' "$*"; }
complain() { printf 'start-monitoring: %s\n' "$*" >&2; }
# A head and problems, a line each.
list_problems() {
  complain "$1"
  sed '/^$/d; s/^/  - /' <<< "$2" >&2
}
wrong() {
  complain "$1"
  printf '\n%s\n' "$USAGE" >&2
  exit 2
}

compose() { docker compose --project-name "$PROJECT" --file "$ROOT/docker-compose.monitoring.yml" "$@"; }

# What stands between here and a running stack, a line each; nothing if nothing does.
missing_tools() {
  local said
  if ! command -v docker > /dev/null; then
    say 'the client "docker" is not installed'
    return
  fi
  docker compose version > /dev/null 2>&1 ||
    say 'Compose v2 is missing: "docker compose version" fails (the package is docker-compose-plugin or docker-compose-v2; the old docker-compose 1 does not do)'
  if ! said=$(docker version --format '{{.Server.Version}}' 2>&1); then
    case $said in
      *'permission denied'*) say 'the Docker engine runs, but this user may not use it (group docker, or sudo)' ;;
      *) say "no Docker engine answers: $(tail -n 1 <<< "$said"); start it: sudo systemctl start docker, or Docker Desktop" ;;
    esac
  fi
}

# A process by its number, and by what it is where that can be seen.
in_words() {
  local what
  if [ -z "$1" ]; then
    say 'a process of another user'
  elif what=$(ps -o args= -p "$1" 2> /dev/null) && [ -n "$what" ]; then
    say "process $1 (${what:0:60})"
  else
    say "process $1"
  fi
}

# Who listens on a port, in words; fails if nobody does.
port_user() {
  local protocol=$1 port=$2 line name
  if command -v docker > /dev/null; then
    name=$(docker ps --filter "publish=$port/$protocol" --format '{{.Names}}' 2> /dev/null | head -n 1 || true)
    if [ -n "$name" ]; then
      say "container $name"
      return
    fi
  fi
  if command -v ss > /dev/null; then
    line=$(ss -Hlnp "--$protocol" "sport = :$port" | head -n 1)
    [ -n "$line" ] || return 1
    in_words "$(sed -nE 's/.*pid=([0-9]+).*/\1/p' <<< "$line")"
  elif command -v lsof > /dev/null; then
    line=$(lsof -nP "-i$protocol:$port" 2> /dev/null | awk '$1 != "COMMAND" && !/->/ { print $2; exit }')
    [ -n "$line" ] && in_words "$line"
  elif [ "$protocol" = tcp ] && (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; then
    say 'something (neither ss nor lsof is here to tell what)'
  else
    return 1
  fi
}

# Ports that others have, a line each. Our own containers' ports are no trouble: "up" goes on with them.
taken_ports() {
  local name port protocol user
  local wanted=(EXPORTER_PORT/tcp PROMETHEUS_PORT/tcp ALERTMANAGER_PORT/tcp)
  [ "$with_grafana" = no ] || wanted+=(GRAFANA_PORT/tcp)
  [ "$profile" != demo ] || wanted+=(LB_PORT/tcp LB_PORT/udp)
  for name in "${wanted[@]}"; do
    protocol=${name#*/} name=${name%/*}
    port=${!name}
    user=$(port_user "$protocol" "$port") || continue
    case $user in "container $PROJECT-"*) continue ;; esac
    say "port $port/$protocol is taken by $user; another one: $name=$((port + 10000)) $0 $profile"
  done
}

native_way() {
  local here='npm ci && npm run demo' qlog=DIRECTORY
  # docs/deploy has qlog below the directory that is shared.
  [ -z "${QUIC_LB_LOGS-}" ] || [ -n "$(wrong_logs)" ] || printf -v qlog '%q' "${QUIC_LB_LOGS%/}/qlog"
  [ "$profile" != live ] || here="npm ci && npm start -- --qlog-dir $qlog"
  cat >&2 << HELP

Without containers, from $ROOT:
    $here
serves http://localhost:19114/metrics (Node.js 20 or later with npm 11). Point a Prometheus of your own there;
alerts/ has its rules, dashboards/ is for Grafana's import dialog.
HELP
}

# What is wrong with the place of the logs, in a line; nothing if nothing is.
wrong_logs() {
  case ${QUIC_LB_LOGS-} in
    '') ;;
    /*) [ -d "$QUIC_LB_LOGS" ] || say "QUIC_LB_LOGS: there is no directory $QUIC_LB_LOGS" ;;
    *) say "QUIC_LB_LOGS: $QUIC_LB_LOGS is no absolute path" ;;
  esac
}

urls() {
  local user=${GRAFANA_ADMIN_USER:-admin} password=${GRAFANA_ADMIN_PASSWORD:-admin123}
  say ''
  [ "$profile" != demo ] || say "  balancer      https://localhost:$LB_PORT   (HTTP/1.1, 2 and 3; its certificate is its own)"
  say "  exporter      http://localhost:$EXPORTER_PORT/metrics"
  say "  Prometheus    http://localhost:$PROMETHEUS_PORT"
  say "  Alertmanager  http://localhost:$ALERTMANAGER_PORT"
  [ "$with_grafana" = yes ] || return 0
  say "  Grafana       http://localhost:$GRAFANA_PORT   (user $user)"
  if [ "$password" = admin123 ]; then
    say ''
    say "  WARNING: Grafana's password is the well-known admin123. It listens on 127.0.0.1 only; before anybody else"
    say '  can reach it, set GRAFANA_ADMIN_PASSWORD (once Grafana has started, change the password in Grafana itself).'
  fi
}

start() {
  local problems services
  problems=$(missing_tools)
  # Where there is no engine nobody can say which ports are its own: they are told all the same.
  problems+=$'\n'$(taken_ports)
  [ "$profile" != live ] || problems+=$'\n'$(wrong_logs)
  if [ -n "${problems//$'\n'/}" ]; then
    list_problems 'cannot start:' "$problems"
    native_way
    exit 1
  fi
  if [ "$profile" != live ]; then
    unset QUIC_LB_LOGS
  elif [ -z "${QUIC_LB_LOGS-}" ]; then
    complain 'QUIC_LB_LOGS is not set: the exporter reads the volume "logs", empty until the proxy shares it'
  fi
  export COMPOSE_PROFILES=$profile
  services=$(compose config --services)
  [ "$with_grafana" = yes ] || services=$(grep -vx grafana <<< "$services")
  # shellcheck disable=SC2086 # one word for each service
  if ! compose up --detach --build --wait --wait-timeout "$WAIT_SECONDS" $services; then
    complain 'not all of it became healthy:'
    compose ps --all --format 'table {{.Service}}\t{{.Status}}' >&2 || true
    complain "what it says: $0 --logs SERVICE; away with it: $0 --down"
    exit 1
  fi
  urls
}

# For what concerns whatever runs. Interpolation needs some profile; these commands use none of it.
export COMPOSE_PROFILES=${COMPOSE_PROFILES:-demo,replay}
need_docker() {
  local problems
  problems=$(missing_tools)
  [ -z "$problems" ] || {
    list_problems "cannot do $1:" "$problems"
    exit 1
  }
}

profile=live
with_grafana=yes
case ${1-} in
  --help | -h)
    say "$USAGE"
    exit
    ;;
  --status | --down | --logs)
    action=$1
    shift
    case $action in
      --status) [ $# -eq 0 ] || wrong "--status takes no $1" ;;
      --down) case "$*" in '' | --volumes) ;; *) wrong "--down takes --volumes only, not $*" ;; esac ;;
    esac
    need_docker "$action"
    case $action in
      --status) compose ps --all --format 'table {{.Service}}\t{{.Status}}\t{{.Ports}}' ;;
      --logs) compose logs --follow --tail 100 "$@" ;;
      --down) compose down --remove-orphans "$@" ;;
    esac
    exit
    ;;
esac
chosen=no
for argument in "$@"; do
  case $argument in
    live | demo | replay)
      [ "$chosen" = no ] || wrong 'one of live, demo, replay'
      profile=$argument chosen=yes
      ;;
    --without-grafana) with_grafana=no ;;
    --status | --logs | --down | --help | -h) wrong "$argument stands alone, in the first place" ;;
    *) wrong "unknown argument $argument" ;;
  esac
done
start
