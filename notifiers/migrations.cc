// SPDX-License-Identifier: Apache-2.0
#include "notifiers/migrations.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <string_view>

namespace premura {
namespace {

// Times are epoch milliseconds; truth values 0 and 1; words those of
// DeliveryState and Reason.
constexpr std::array<std::string_view, 10> kSteps = {R"sql(
create table detections (
  id          text primary key,
  rule        text not null,
  revision    text not null,
  rule_hash   text not null,
  customer    text not null,
  at          bigint not null,   -- event time
  recorded_at bigint not null,   -- wall clock
  counted     integer not null,  -- led to a send or a hold
  record      text not null      -- the case, as JSON
);
create index detections_by_customer on detections (customer, at);
create index detections_by_rule on detections (customer, rule, at)
  where counted = 1;
create index detections_by_age on detections (recorded_at);

create table decisions (
  detection  text not null references detections (id),
  action     integer not null,   -- place among the rule's actions
  channel    text not null,
  template   text not null,
  kind       text not null,      -- send | hold | suppress
  reason     text not null,
  until      bigint,
  detail     text not null,
  rule_hash  text not null,
  decided_at bigint not null,
  primary key (detection, action)
);

create table deliveries (
  key             text primary key,
  detection       text not null references detections (id),
  action          integer not null,
  rule            text not null,
  customer        text not null,
  channel         text not null,
  lane            text not null,     -- email, sms, ticket, ticket:<desk>
  template        text not null,
  category        text not null,
  queue           text not null,
  ticket_priority text not null,
  priority        integer not null,
  critical        integer not null,
  limits          text not null,     -- the rule's own caps and quiet hours
  detected_at     bigint not null,
  created_at      bigint not null,
  expires_at      bigint,
  state           text not null,
  reason          text not null,
  detail          text not null,
  changed_at      bigint not null,
  due_at          bigint,            -- when to look at it; null: not by itself
  contact_at      bigint,            -- counts for caps from then on; null: no
  attempts        integer not null,
  retries         integer not null,
  retrying_since  bigint,
  first_attempt   bigint,
  message         text not null,     -- as first sent, JSON; empty: not yet
  provider_id     text not null,
  ticket_desk     text not null,
  ticket_id       text not null,
  ticket_tag      text not null,
  ticket_message  text not null
);
create index deliveries_by_due on deliveries (lane, due_at)
  where due_at is not null;
create index deliveries_by_age on deliveries (due_at)
  where due_at is not null;
create index deliveries_by_customer on deliveries (customer, contact_at);
create index deliveries_by_detection on deliveries (detection);
create index deliveries_open on deliveries (state, reason)
  where state in ('pending', 'held', 'sending', 'retry', 'unknown');

create table attempts (
  delivery   text not null references deliveries (key),
  number     integer not null,
  what       text not null,      -- deliver | find
  started_at bigint not null,
  ended_at   bigint,
  verdict    text not null,
  reason     text not null,
  detail     text not null,
  primary key (delivery, number)
);

create table profiles (
  customer text primary key,
  facts    text not null         -- what events said, as JSON
);

create table switches (
  name       text primary key,
  is_on      integer not null,
  changed_by text not null,
  changed_at bigint not null
);

create table outlets (           -- the ways out as the daemon last found them
  name       text primary key,
  usable     integer not null,
  problem    text not null,
  changed_at bigint not null
);
)sql",
                                                     R"sql(
-- The event that took it back while a call ran or was in doubt: it must not
-- begin another.
alter table deliveries add column cancelled_by text not null default '';
)sql",
                                                     R"sql(
-- What people said of deliveries that waited for them.
create table rulings (
  delivery text not null references deliveries (key),
  at       bigint not null,
  word     text not null,          -- released | dropped | arrived | lost
  said_by  text not null,
  primary key (delivery, at, word)
);
-- Whose release it goes by; empty: nobody's.
alter table deliveries add column released_by text not null default '';
)sql",
                                                     R"sql(
create table instances (         -- of those that share this ledger
  name text primary key,
  beat bigint not null           -- raised for as long as it lives
);
-- Whose call it is that runs or was the last.
alter table deliveries add column owner text not null default '';
)sql",
                                                     R"sql(
create table simulated_contacts (  -- what rules in simulation would have sent
  detection   text not null references detections (id),
  action      integer not null,
  rule        text not null,
  customer    text not null,
  channel     text not null,
  priority    integer not null,
  detected_at bigint not null,
  at          bigint not null,     -- when it would have gone out
  primary key (detection, action)
);
create index simulated_contacts_by_customer on simulated_contacts
  (customer, at);
)sql",
                                                     R"sql(
-- How long, in ms, its number may stand still before it counts as gone: what
-- every instance kept to before this was a column.
alter table instances add column term bigint not null default 660000;
-- The fingerprint of the rules that it runs.
alter table instances add column rules text not null default '';
)sql",
                                                     R"sql(
-- One customer may have tens of thousands of tickets, and of mails that are
-- done with: what a decision asks for is found without passing over them.
create index deliveries_outside on deliveries (customer, contact_at)
  where channel <> 'ticket';
create index deliveries_open_of on deliveries (customer, rule)
  where state in ('pending', 'held', 'sending', 'retry', 'unknown');
create index simulated_contacts_outside on simulated_contacts (customer, at)
  where channel <> 'ticket';
create index simulated_contacts_by_rule on simulated_contacts
  (customer, rule, detected_at);
)sql",
                                                     R"sql(
-- When each fact was said, in ms, as JSON: the later word holds.
alter table profiles add column said_at text not null default '{}';
)sql",
                                                     R"sql(
create table states (            -- whose customers' state was beside this ledger
  name text primary key          -- an instance's; empty: not known whose
);
-- A ledger that was used before this has had some.
insert into states select '' where exists (select 1 from outlets)
  or exists (select 1 from detections) or exists (select 1 from profiles);
)sql",
                                                     R"sql(
-- A cooldown counts from the contact, not from what was detected.
drop index if exists detections_by_rule;
drop index if exists simulated_contacts_by_rule;
create index simulated_contacts_by_rule on simulated_contacts
  (customer, rule, at);
create index if not exists deliveries_by_rule on deliveries
  (customer, rule, contact_at)
  where contact_at is not null;
)sql"};

Result<std::int64_t> Version(Database* database) {
  std::int64_t version = 0;
  auto status =
      database->Run("select coalesce(max(version), 0) from schema_migrations",
                    {}, [&](const SqlRow& row) {
                      version = row.Int(0);
                      return false;
                    });
  if (!status.ok()) return status.error();
  return version;
}

Error TooNew(std::int64_t version) {
  return Error{
      fmt::format("the ledger has schema {}, this program knows {}: it was "
                  "written by a newer premura",
                  version, kSteps.size())};
}

Status Apply(Database* database, std::size_t step) {
  if (auto status = database->Script(kSteps[step]); !status.ok()) {
    return status;
  }
  return database->Run("insert into schema_migrations (version) values (?)",
                       {static_cast<std::int64_t>(step + 1)});
}

Status MigrateLocked(Database* database) {
  auto status = database->Script(
      "create table if not exists schema_migrations "
      "(version integer primary key)");
  if (!status.ok()) return status;
  const auto version = Version(database);
  if (!version.ok()) return version.error();
  const auto known = static_cast<std::int64_t>(kSteps.size());
  if (version.value() > known) return TooNew(version.value());
  for (auto step = version.value(); step < known; ++step) {
    status = Apply(database, static_cast<std::size_t>(step));
    if (!status.ok()) {
      return status.error().WithContext(fmt::format("migration {}", step + 1));
    }
  }
  return {};
}

}  // namespace

// One transaction for all: two programs that start at once do not both begin.
Status Migrate(Database* database) {
  if (CheckSchema(database).ok()) return {};
  if (auto status = database->Begin(); !status.ok()) return status;
  auto status = database->AllowLong();
  if (status.ok()) status = database->Lock({"schema"});
  if (status.ok()) status = MigrateLocked(database);
  if (status.ok()) status = database->Commit();
  if (!status.ok()) database->Rollback();
  return status;
}

Status CheckSchema(Database* database) {
  const auto version = Version(database);
  if (!version.ok()) return version.error();
  const auto known = static_cast<std::int64_t>(kSteps.size());
  if (version.value() > known) return TooNew(version.value());
  if (version.value() < known) {
    return Error{fmt::format(
        "the ledger has schema {}, this program needs {}: `premura run` "
        "brings it up to date",
        version.value(), known)};
  }
  return {};
}

}  // namespace premura
