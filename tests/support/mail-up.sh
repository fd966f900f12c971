#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Postfix and Dovecot for tests, on loopback, nothing below /etc changed. Run as
# root (Postfix wants it).
#
# usage: mail-up.sh DIR PORT
#   PORT    submission, STARTTLS and AUTH needed
#   PORT+1  the same with implicit TLS
#   PORT+2  IMAP (STARTTLS)
#   ready smtp=PORT smtps=PORT+1 imap=PORT+2 ca=DIR/cert.pem
# Users premura (sends), jane and support, password "mailpw", at example.test
# and acme.example; unknown*@ is refused with 550, later@acme.example with 450.
# A mail to slow*@ is logged (END-OF-MESSAGE) once all of it is there, and taken
# 8 s later.
# See lifetime.sh for how it ends.
# packages: postfix dovecot-imapd dovecot-lmtpd openssl
set -euo pipefail
# shellcheck source=tests/support/lifetime.sh
. "$(dirname "$0")/lifetime.sh"
P=$2
cleanup() {
  postfix -c "$DIR/postfix" stop > /dev/null 2>&1 || true
  doveadm -c "$DIR/dovecot.conf" stop > /dev/null 2>&1 || true
}
open_directory "$1"
PF=$DIR/postfix
mkdir -p "$PF" "$DIR/spool" "$DIR/data" "$DIR/mail" "$DIR/dovecot"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
  -keyout "$DIR/key.pem" -out "$DIR/cert.pem" -subj /CN=mail.example.test \
  -addext subjectAltName=DNS:mail.example.test,DNS:localhost,IP:127.0.0.1 \
  2> /dev/null
# An own user for the mailboxes would change /etc/passwd: nobody will do.
OWNER=nobody
OWNER_ID=$(id -u $OWNER)
OWNER_GROUP=$(id -g $OWNER)
chown -R "$OWNER_ID:$OWNER_GROUP" "$DIR/mail"
chown postfix "$DIR/data"

for user in premura support jane slow-anna slow-paul; do
  echo "$user:{PLAIN}mailpw::::::"
done > "$DIR/users"
cat > "$DIR/dovecot.conf" <<CONF
base_dir = $DIR/dovecot
state_dir = $DIR/dovecot
log_path = $DIR/dovecot.log
protocols = imap lmtp
recipient_delimiter = +
auth_username_format = %Ln
auth_failure_delay = 0
listen = 127.0.0.1
ssl = yes
ssl_cert = <$DIR/cert.pem
ssl_key = <$DIR/key.pem
auth_mechanisms = plain login
mail_location = maildir:$DIR/mail/%n/Maildir
first_valid_uid = $OWNER_ID
last_valid_uid = $OWNER_ID
first_valid_gid = $OWNER_GROUP
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%n $DIR/users
}
userdb {
  driver = passwd-file
  args = username_format=%n $DIR/users
  override_fields = uid=$OWNER_ID gid=$OWNER_GROUP home=$DIR/mail/%n
}
service lmtp {
  unix_listener $DIR/spool/private/dovecot-lmtp {
    mode = 0600
    user = postfix
    group = postfix
  }
}
protocol lmtp {
  postmaster_address = postmaster@example.test
}
service imap-login {
  inet_listener imap {
    port = $((P + 2))
  }
  inet_listener imaps {
    port = 0
  }
}
service auth {
  unix_listener $DIR/spool/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
service stats {
  chroot =
}
CONF

cat > "$PF/main.cf" <<CONF
compatibility_level = 3.6
queue_directory = $DIR/spool
data_directory = $DIR/data
mail_owner = postfix
setgid_group = postdrop
alias_maps =
local_recipient_maps =
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = $DIR/maillog
maillog_file_prefixes = $DIR
myhostname = mail.example.test
mydomain = example.test
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
# Nothing may leave this machine.
default_transport = error:5.4.4 no route in a test
relay_transport = error:5.4.4 no route in a test
virtual_mailbox_domains = example.test, acme.example
virtual_mailbox_maps = regexp:$PF/mailboxes
virtual_transport = lmtp:unix:private/dovecot-lmtp
transport_maps = texthash:$PF/transport
recipient_delimiter = +
smtpd_tls_cert_file = $DIR/cert.pem
smtpd_tls_key_file = $DIR/key.pem
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_error_sleep_time = 0
smtpd_end_of_data_restrictions = check_recipient_access regexp:$PF/told,
  check_recipient_access regexp:$PF/slow
CONF
cat > "$PF/mailboxes" <<'MAP'
if !/^unknown/
/@/   ok
endif
MAP
echo '/^slow/ INFO all of it is there' > "$PF/told"
echo '/^slow/ sleep 8' > "$PF/slow"
echo 'later@acme.example retry:4.2.1 mailbox busy' > "$PF/transport"
SUBMIT="-o smtpd_sasl_auth_enable=yes"
SUBMIT="$SUBMIT -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject"
cat > "$PF/master.cf" <<CONF
127.0.0.1:$P inet n - n - - smtpd -o smtpd_tls_security_level=encrypt $SUBMIT
127.0.0.1:$((P + 1)) inet n - n - - smtpd -o smtpd_tls_wrappermode=yes $SUBMIT
pickup   unix n - n 60 1 pickup
cleanup  unix n - n - 0 cleanup
qmgr     unix n - n 2 1 qmgr
rewrite  unix - - n - - trivial-rewrite
bounce   unix - - n - 0 bounce
defer    unix - - n - 0 bounce
trace    unix - - n - 0 bounce
verify   unix - - n - 1 verify
flush    unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error    unix - - n - - error
retry    unix - - n - - error
discard  unix - - n - - discard
lmtp     unix - - n - - lmtp
anvil    unix - - n - 1 anvil
scache   unix - - n - 1 scache
tlsmgr   unix - - n 1000? 1 tlsmgr
postlog  unix-dgram n - n - 1 postlogd
showq    unix n - n - - showq
CONF
postfix -c "$PF" check > "$DIR/check.out" 2>&1
dovecot -c "$DIR/dovecot.conf" < /dev/null
postfix -c "$PF" start > "$DIR/postfix.out" 2>&1 < /dev/null
for port in "$P" "$((P + 1))" "$((P + 2))"; do
  until_true 20 listens "$port" ||
    { tail "$DIR/maillog" "$DIR/dovecot.log" >&2; exit 1; }
done
serve "smtp=$P smtps=$((P + 1)) imap=$((P + 2)) ca=$DIR/cert.pem"
