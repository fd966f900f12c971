#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Request Tracker 5 for tests: private SQLite database, loopback, queue
# Support, custom fields "Premura Key" and "Customer Id", user premura.
#
# usage: rt-up.sh DIR PORT [WORKERS]
#   ready url=http://127.0.0.1:PORT token_file=DIR/token
# RT_WITHOUT_KEY_FIELD=1 leaves the key field out. Mail that RT sends itself
# lands in DIR/outbox/*.eml. See lifetime.sh for how it ends.
# packages: request-tracker5 rt5-db-sqlite rt5-standalone dbconfig-no-thanks
#   postfix (any mail-transport-agent) curl
set -euo pipefail
# shellcheck source=tests/support/lifetime.sh
. "$(dirname "$0")/lifetime.sh"
PORT=$2
WORKERS=${3:-2}
SERVER=
cleanup() { stop_pid "$SERVER"; }
open_directory "$1"
mkdir -p "$DIR/etc" "$DIR/outbox" "$DIR/mason" "$DIR/session"

cat > "$DIR/etc/00-test.pm" <<PERL
Set(\$rtname, 'example.test');
Set(\$Organization, 'example.test');
Set(\$CorrespondAddress, 'support\@example.test');
Set(\$CommentAddress, 'support-comment\@example.test');
Set(\$WebDomain, '127.0.0.1'); Set(\$WebPort, $PORT); Set(\$WebPath, '');
Set(\$WebBaseURL, 'http://127.0.0.1:$PORT');
Set(\$WebURL, 'http://127.0.0.1:$PORT/');
Set(\$Timezone, 'UTC');
Set(\$DatabaseType, 'SQLite'); Set(\$DatabaseName, '$DIR/rt.sqlite');
Set(\$DatabaseUser, ''); Set(\$DatabasePassword, '');
Set(\$DatabaseHost, ''); Set(\$DatabasePort, '');
Set(\$MasonDataDir, '$DIR/mason'); Set(\$MasonSessionDir, '$DIR/session');
Set(\$LogToSyslog, undef); Set(\$LogToSTDERR, 'warning');
Set(\$LogToFile, undef);
Set(\$MailCommand, 'sendmailpipe'); Set(\$SendmailPath, '$DIR/sendmail');
Set(\$SendmailArguments, '-oi');
Set(\$WebSecureCookies, 0);
Set(\$BcryptCost, 10);  # The default costs 0.2 s of CPU per request.
Set(\$DisableGD, 1); Set(\$StatementLog, undef);
1;
PERL
echo "1;" > "$DIR/empty.pm"
printf '#!/bin/sh\nexec cat > "%s/outbox/$(date +%%s%%N).eml"\n' "$DIR" \
  > "$DIR/sendmail"
chmod +x "$DIR/sendmail"

cat > "$DIR/seed.pl" <<'PERL'
use lib '/usr/share/request-tracker5/lib';
use RT; use strict; use warnings;
RT->LoadConfig; RT->Init;
my $system = RT->SystemUser;
my $queue = RT::Queue->new($system);
$queue->Create(Name => 'Support', Description => 'customer support',
  CorrespondAddress => 'support@example.test',
  CommentAddress => 'support-comment@example.test');
my $closed = RT::Queue->new($system);
$closed->Create(Name => 'Closed', Description => 'no right to create here');
my @fields = ('Customer Id');
push @fields, 'Premura Key' unless $ENV{RT_WITHOUT_KEY_FIELD};
for my $name (@fields) {
  my $field = RT::CustomField->new($system);
  my ($ok, $text) = $field->Create(Name => $name, Type => 'FreeformSingle',
    LookupType => RT::Ticket->CustomFieldLookupType);
  die $text unless $ok;
  ($ok, $text) = $field->AddToObject($queue);
  die $text unless $ok;
}
my $user = RT::User->new($system);
my ($made, $why) = $user->Create(Name => 'premura',
  EmailAddress => 'premura@example.test', Password => 'premurapw1',
  Privileged => 1);
die $why unless $made;
$user->PrincipalObj->GrantRight(Right => $_, Object => $queue) for qw(
  SeeQueue CreateTicket ShowTicket ShowTicketComments ModifyTicket
  ReplyToTicket CommentOnTicket OwnTicket Watch SeeCustomField
  ModifyCustomField SetInitialCustomField);
$user->PrincipalObj->GrantRight(Right => 'SeeQueue', Object => $closed);
$user->PrincipalObj->GrantRight(Right => 'ManageAuthTokens',
  Object => RT->System);  # Needed to own a token.
# Lets customers answer by mail (rt-mailgate-5).
my $everyone = RT::Group->new($system);
$everyone->LoadSystemInternalGroup('Everyone');
$everyone->PrincipalObj->GrantRight(Right => $_, Object => $queue)
  for qw(CreateTicket ReplyToTicket);
require RT::AuthToken;
my $token = RT::AuthToken->new(RT::CurrentUser->new($user));
my ($id, $text, $secret) = $token->Create(Owner => $user->Id,
  Description => 'test');
die $text unless $id;
print $secret, "\n";
PERL
export RT_SITE_CONFIG=$DIR/empty.pm RT_SITE_CONFIG_DIR=$DIR/etc
rt-setup-database-5 --action init --skip-create --dba '' --dba-password '' \
  > "$DIR/setup.log" 2>&1
perl "$DIR/seed.pl" 2> "$DIR/seed.err" > "$DIR/token"
/usr/share/request-tracker5/libexec/rt-server --server Starlet \
  --host 127.0.0.1 --port "$PORT" --workers "$WORKERS" \
  --max-reqs-per-child 100000 > "$DIR/server.log" 2>&1 < /dev/null &
SERVER=$!
answers() {
  curl -fsS -o /dev/null -H "Authorization: token $(cat "$DIR/token")" \
    "http://127.0.0.1:$PORT/REST/2.0/rt"
}
until_true 60 answers || { tail "$DIR/server.log" >&2; exit 1; }
serve "url=http://127.0.0.1:$PORT token_file=$DIR/token"
