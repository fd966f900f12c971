# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by the server scripts beside it: each runs in the foreground, prints
# one line "ready name=value .." when its servers answer, and lives until its
# standard input closes or it gets SIGTERM. Then it stops what it started and,
# if it made the directory, removes it (KEEP=1 keeps it, to look into). So a test
# that dies leaves nothing.
#
#   coproc RT { ./rt-up.sh /tmp/x 8080; };  read -r line <&"${RT[0]}"
#
# REQUIRES: cleanup() is defined by the script.

# usage: open_directory DIR; sets DIR (absolute) and MADE.
open_directory() {
  MADE=
  [ -d "$1" ] || MADE=1
  mkdir -p "$1"
  DIR=$(cd "$1" && pwd)
  chmod 755 "$DIR"
  trap end EXIT
  trap 'exit 0' TERM INT HUP
}

end() {
  status=$?
  trap - EXIT TERM INT HUP
  cleanup || true
  if [ -n "$MADE" ] && [ -z "${KEEP:-}" ]; then rm -rf "$DIR"; fi
  exit "$status"
}

# usage: stop_pid PID: asks, waits at most 5 s, insists; on its children too,
# which a parent that is busy dying does not end.
stop_pid() {
  local children
  [ -n "$1" ] || return 0
  children=$(pgrep -P "$1" | tr '\n' ' ') || true
  kill "$1" 2>/dev/null || return 0
  for _ in $(seq 1 50); do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.1
  done
  # shellcheck disable=SC2086
  kill -9 "$1" $children 2>/dev/null || true
}

# usage: until_true SECONDS COMMAND..
until_true() {
  local tries=$(($1 * 10))
  shift
  for _ in $(seq 1 "$tries"); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  return 1
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Prints the line and stays until standard input closes.
serve() {
  echo "ready $*"
  cat <&0 >/dev/null &
  wait $!
}
