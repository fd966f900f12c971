#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Kannel 1.4 for tests: bearerbox, smsbox and a scripted SMSC, on loopback.
#
# usage: kannel-up.sh DIR PORT     uses PORT .. PORT+3
#   ready url=http://127.0.0.1:PORT+1/cgi-bin/sendsms sent=DIR/sent.log
# User premura, password in DIR/password. Every SMS that reaches the SMSC is a
# line of DIR/sent.log (see scripted_smsc.py). See lifetime.sh for how it ends.
# packages: kannel curl python3
set -euo pipefail
# shellcheck source=tests/support/lifetime.sh
. "$(dirname "$0")/lifetime.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
ADMIN=$2
SENDSMS=$(($2 + 1))
BOX=$(($2 + 2))
SMSC=$(($2 + 3))
BEARERBOX=
SMSBOX=
SCRIPT=
cleanup() {
  stop_pid "$SCRIPT"
  stop_pid "$SMSBOX"
  stop_pid "$BEARERBOX"
}
open_directory "$1"
mkdir -p "$DIR/store"
echo smspw > "$DIR/password"
cat > "$DIR/kannel.conf" <<CONF
group = core
admin-port = $ADMIN
admin-interface = 127.0.0.1
admin-password = adminpw
status-password = statuspw
smsbox-port = $BOX
smsbox-interface = 127.0.0.1
box-allow-ip = "127.0.0.1"
box-deny-ip = "*.*.*.*"
dlr-storage = internal
sms-resend-freq = 2
store-type = file
store-location = "$DIR/store/kannel.store"
log-file = "$DIR/bearerbox.log"
log-level = 0

group = smsc
smsc = fake
smsc-id = fake1
port = $SMSC
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = $BOX
sendsms-port = $SENDSMS
sendsms-interface = 127.0.0.1
log-file = "$DIR/smsbox.log"
access-log = "$DIR/smsbox-access.log"
log-level = 0

group = sendsms-user
username = premura
password = smspw
concatenation = true
max-messages = 10

group = sms-service
keyword = default
catch-all = true
max-messages = 0
text = ""
CONF
/usr/sbin/bearerbox -v 4 "$DIR/kannel.conf" > "$DIR/bearerbox.out" 2>&1 \
  < /dev/null &
BEARERBOX=$!
until_true 10 listens "$BOX" || { tail "$DIR/bearerbox.out" >&2; exit 1; }
/usr/sbin/smsbox -v 4 "$DIR/kannel.conf" > "$DIR/smsbox.out" 2>&1 \
  < /dev/null &
SMSBOX=$!
/usr/bin/python3 "$HERE/scripted_smsc.py" "$SMSC" "$DIR/sent.log" \
  > "$DIR/smsc.out" 2>&1 < /dev/null &
SCRIPT=$!
online() {
  curl -fsS "http://127.0.0.1:$ADMIN/status.txt?password=statuspw" |
    grep -q 'fake1.*online' && listens "$SENDSMS"
}
until_true 20 online || { tail -n 5 "$DIR"/*.out >&2; exit 1; }
serve "url=http://127.0.0.1:$SENDSMS/cgi-bin/sendsms sent=$DIR/sent.log"
