#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the secrets that compose.yaml names, in a folder that only its owner can
# enter; what is there already stays.
# usage: deploy/compose/secrets.sh [FOLDER]
set -euo pipefail
case ${1:-} in
  -*)
    sed -n 's/^# \{0,1\}//; 3,5p' "$0" >&2
    exit 2
    ;;
esac
folder=${1:-$(dirname "$0")/secrets}
umask 077
mkdir -p "$folder"
cd "$folder"

# usage: keep FILE COMMAND..   what the command prints becomes the file
keep() {
  local file=$1
  shift
  [ -e "$file" ] || { "$@" > "$file.new" && mv "$file.new" "$file"; }
}

webhook_secret() { printf 'whsec_%s\n' "$(openssl rand -base64 24)"; }

keep ledger.password openssl rand -hex 24
keep admin.token openssl rand -hex 24
keep desk.secret webhook_secret

if [ ! -e ledger-server.pem ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
    -keyout ledger-ca.key -out ledger-ca.pem -subj "/CN=premura ledger" 2> /dev/null
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout ledger-server.key -out ledger-server.csr -subj /CN=postgresql 2> /dev/null
  openssl x509 -req -in ledger-server.csr -CA ledger-ca.pem -CAkey ledger-ca.key -CAcreateserial \
    -days 3650 -out ledger-server.pem -extfile <(echo subjectAltName=DNS:postgresql) 2> /dev/null
  rm -f ledger-server.csr ledger-ca.srl
fi
# Compose hands files on as they are, to users that differ from yours: the
# folder keeps others out, the files do not.
chmod 0444 ledger.password admin.token desk.secret ledger-ca.pem ledger-server.pem ledger-server.key
chmod 0400 ledger-ca.key
