#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Redmine 5 for tests: a private copy of the packaged SQLite database, puma on
# loopback, project support, custom field "Premura Key", user premura.
#
# usage: redmine-up.sh DIR PORT
#   ready url=http://127.0.0.1:PORT key_file=DIR/key
# See lifetime.sh for how it ends.
# packages: redmine redmine-sqlite dbconfig-sqlite3 puma curl
set -euo pipefail
# shellcheck source=tests/support/lifetime.sh
. "$(dirname "$0")/lifetime.sh"
PORT=$2
SERVER=
cleanup() { stop_pid "$SERVER"; }
open_directory "$1"
# dbconfig made and migrated this one when the package was installed.
cp /var/lib/dbconfig-common/sqlite3/redmine/instances/default/redmine_default \
  "$DIR/redmine.sqlite"
export RAILS_ENV=production DATABASE_URL="sqlite3:$DIR/redmine.sqlite"
export RAILS_LOG_TO_STDOUT=1
cat > "$DIR/seed.rb" <<'RUBY'
Setting.rest_api_enabled = '1'  # Off by default.
bot = User.new(login: 'premura', firstname: 'Premura', lastname: 'Bot',
               mail: 'premura@example.test', language: 'en')
bot.password = 'premurapw1'
bot.admin = true
bot.save!
IssuePriority.create!(name: 'Normal') if IssuePriority.count.zero?
if Tracker.count.zero?
  status = IssueStatus.create!(name: 'New')
  IssueStatus.create!(name: 'Closed', is_closed: true)
  Tracker.create!(name: 'Bug', default_status: status)
  Tracker.create!(name: 'Support', default_status: status)
  %w[Low High Urgent].each { |name| IssuePriority.create!(name: name) }
end
IssueCustomField.create!(name: 'Premura Key', field_format: 'string',
  is_for_all: true, is_filter: true, searchable: true, trackers: Tracker.all)
Tracker.create!(name: 'Keyless', default_status: IssueStatus.first)
Project.create!(name: 'Support', identifier: 'support',
  tracker_ids: Tracker.pluck(:id), enabled_module_names: ['issue_tracking'])
puts "APIKEY=#{bot.api_key}"
RUBY
cd /usr/share/redmine
ruby bin/rails runner "$DIR/seed.rb" > "$DIR/seed.out" 2> "$DIR/seed.err" ||
  { tail "$DIR/seed.err" >&2; exit 1; }
sed -n 's/^APIKEY=//p' "$DIR/seed.out" > "$DIR/key"
puma --dir /usr/share/redmine -e production -t 2:4 \
  -b "tcp://127.0.0.1:$PORT" config.ru > "$DIR/server.log" 2>&1 < /dev/null &
SERVER=$!
answers() {
  curl -fsS -o /dev/null -H "X-Redmine-API-Key: $(cat "$DIR/key")" \
    "http://127.0.0.1:$PORT/users/current.json"
}
until_true 60 answers || { tail "$DIR/server.log" >&2; exit 1; }
serve "url=http://127.0.0.1:$PORT key_file=$DIR/key"
