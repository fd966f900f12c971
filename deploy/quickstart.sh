#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the packages that are missing, builds premura, and runs it on a day
# of events of a small SaaS, replayed as if they were arriving now. Shipped
# rules; tickets, mails and SMS become files below .quickstart/.
#
# usage: deploy/quickstart.sh [--once]     --once: ends when the events end
#
# QUICKSTART_DIR (.quickstart) and QUICKSTART_PORT (9464, on loopback) may be
# set. What an earlier quickstart left in the folder is removed first.
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/packages.sh

usage() { sed -n '3,10s/^# \{0,1\}//p' "$0"; }

once=''
case ${1:-} in
  "") ;;
  --once) once=--once ;;
  --help | -h) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac
dir=${QUICKSTART_DIR:-.quickstart}
port=${QUICKSTART_PORT:-9464}
premura=build/release/premura

prepare_machine() {
  local -a missing
  mapfile -t missing < <(missing_packages deploy/packages.txt)
  [ ${#missing[@]} != 0 ] || return 0
  echo "Installing ${#missing[@]} Debian packages ..."
  install_packages "${missing[@]}"
}

build() {
  [ -x "$premura" ] || echo "Building; the first time takes some minutes ..."
  [ -e build/release/build.ninja ] || cmake --preset release > /dev/null
  cmake --build --preset release --target premura | sed -u '/no work to do/d'
}

# A folder of our own making, fresh: earlier decisions would hold back new ones.
prepare_folder() {
  if [ -e "$dir/pid" ] && kill -0 "$(cat "$dir/pid")" 2> /dev/null; then
    echo "quickstart.sh: one is still running here: kill $(cat "$dir/pid")" >&2
    exit 1
  fi
  mkdir -p "$dir"
  rm -rf "$dir/state" "$dir/outbox" "$dir/pid"
  dir=$(cd "$dir" && pwd)
  sed -e "s|@SOURCE@|$PWD|g" -e "s|@PORT@|$port|" deploy/quickstart/premura.yaml > "$dir/premura.yaml"
}

where_to_look() {
  cat << TXT

Where to look:
  $dir/outbox/                tickets, mails (.eml) and SMS, one file each
  $dir/state/                 the ledger, and dead-letters.jsonl: events that could not be used
  $dir/premura.log            what the daemon logs
  $premura explain u-1001 -c $dir/premura.yaml
                              what fired for Marta, what was sent, what was held back, and why
  rules/library/              the rules; rules/library/templates/ what they say
TXT
  [ -n "$once" ] || cat << TXT
  http://127.0.0.1:$port/metrics   what on-call sees

premura runs on, as a daemon would; a changed rule is taken over at once. Ctrl-C ends it.
TXT
}

prepare_machine
build
prepare_folder
"$premura" check -c "$dir/premura.yaml" > "$dir/check.log" || { cat "$dir/check.log" >&2; exit 1; }
rm "$dir/check.log"
where_to_look
# The log's last lines say what went wrong.
explain_failure() {
  echo "quickstart.sh: premura ended with $1; the end of $dir/premura.log:" >&2
  tail -n 20 "$dir/premura.log" >&2
  ! grep -q "cannot listen on" "$dir/premura.log" ||
    echo "quickstart.sh: port $port is taken; choose another: QUICKSTART_PORT=9465 $0" >&2
}

printf '\nWho, which rule and why, what, and what became of it:\n\n'
"$premura" run ${once:+"$once"} --show-decisions -c "$dir/premura.yaml" 2> "$dir/premura.log" &
daemon=$!
[ -n "$once" ] || echo "$daemon" > "$dir/pid"
trap 'kill -TERM "$daemon" 2> /dev/null' INT TERM
code=0
wait "$daemon" || code=$?
# A signal ends the first wait, not the daemon, which finishes what it does.
while kill -0 "$daemon" 2> /dev/null; do
  code=0
  wait "$daemon" || code=$?
done
[ "$code" = 0 ] || explain_failure "$code"
exit "$code"
