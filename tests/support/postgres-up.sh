#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# PostgreSQL for tests, on loopback. As root it runs as user postgres, for the
# server refuses root.
#
# usage: postgres-up.sh DIR PORT
#   ready port=PORT url=postgresql://premura@127.0.0.1:PORT password_file=DIR/password ca=DIR/cert.pem pid=PID
# User premura may create databases; "premura" is there. TLS is offered by a
# certificate of its own. Nothing is forced to disk: do not pull the plug.
# Started again on the same DIR (KEEP=1) it goes on with what is there.
# See lifetime.sh for how it ends.
# packages: postgresql-15 openssl
set -euo pipefail
# shellcheck source=tests/support/lifetime.sh
. "$(dirname "$0")/lifetime.sh"
PORT=$2
BIN=/usr/lib/postgresql/15/bin
SERVER=
cleanup() {
  # Fast: clients are sent away.
  [ -z "$SERVER" ] || { kill -INT "$SERVER" 2> /dev/null && wait "$SERVER"; } || true
}
open_directory "$1"
as_postgres() {
  if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}
if [ ! -d "$DIR/data" ]; then
  mkdir "$DIR/data"
  head -c 18 /dev/urandom | base64 > "$DIR/password"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
    -keyout "$DIR/key.pem" -out "$DIR/cert.pem" -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost 2> /dev/null
  chmod 600 "$DIR/key.pem"
  [ "$(id -u)" != 0 ] || chown -R postgres "$DIR"
  as_postgres "$BIN/initdb" -D "$DIR/data" -U premura --pwfile="$DIR/password" \
    -A scram-sha-256 -E UTF8 --locale=C.UTF-8 --no-sync > "$DIR/initdb.log" 2>&1 ||
    { tail "$DIR/initdb.log" >&2; exit 1; }
  cat >> "$DIR/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$DIR'
ssl = on
ssl_cert_file = '$DIR/cert.pem'
ssl_key_file = '$DIR/key.pem'
fsync = off
full_page_writes = off
max_connections = 50
shared_buffers = 32MB
CONF
fi
# Not by runuser, which would stand between it and our signals.
if [ "$(id -u)" = 0 ]; then
  setpriv --reuid=postgres --regid=postgres --init-groups \
    "$BIN/postgres" -D "$DIR/data" -p "$PORT" >> "$DIR/log" 2>&1 < /dev/null &
else
  "$BIN/postgres" -D "$DIR/data" -p "$PORT" >> "$DIR/log" 2>&1 < /dev/null &
fi
SERVER=$!
PGPASSWORD=$(cat "$DIR/password")
export PGPASSWORD
answers() { "$BIN/psql" -h 127.0.0.1 -p "$PORT" -U premura -d postgres -c 'select 1'; }
until_true 30 answers || { tail "$DIR/log" >&2; exit 1; }
"$BIN/createdb" -h 127.0.0.1 -p "$PORT" -U premura premura 2> /dev/null || true
serve "port=$PORT url=postgresql://premura@127.0.0.1:$PORT password_file=$DIR/password ca=$DIR/cert.pem pid=$SERVER"
