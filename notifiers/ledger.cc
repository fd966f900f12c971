// SPDX-License-Identifier: Apache-2.0
#include "notifiers/ledger.h"

#include <utility>

#include "notifiers/migrations.h"
#include "notifiers/profile_json.h"

namespace premura {
namespace {

constexpr int kStopAllTries = 6;  // Of five seconds each.
constexpr int kProfilesAtOnce = 10'000;

Verdict::Kind KindOf(std::string_view word) {
  for (const auto kind : {Verdict::Kind::kSend, Verdict::Kind::kHold}) {
    if (ToString(kind) == word) return kind;
  }
  return Verdict::Kind::kSuppress;
}

}  // namespace

SqlValue ToSql(Timestamp at) {
  return std::int64_t{at.time_since_epoch().count()};
}
SqlValue ToSql(const std::optional<Timestamp>& at) {
  return at ? ToSql(*at) : SqlValue();
}
SqlValue ToSql(std::string_view text) { return std::string(text); }
SqlValue ToSql(int number) { return std::int64_t{number}; }
SqlValue ToSql(bool flag) { return std::int64_t{flag ? 1 : 0}; }

Result<std::optional<Timestamp>> QueryTime(
    Database* database, std::string_view sql,
    const std::vector<SqlValue>& values) {
  std::optional<Timestamp> time;
  auto status = database->Run(sql, values, [&](const SqlRow& row) {
    time = ReadTime(row, 0);
    return false;
  });
  if (!status.ok()) return status.error();
  return time;
}

std::optional<Timestamp> ReadTime(const SqlRow& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return Timestamp(Duration(row.Int(column)));
}

Ledger::Ledger(std::unique_ptr<Database> database)
    : database_(std::move(database)) {}

Result<std::unique_ptr<Ledger>> Ledger::Open(const DatabaseAddress& address,
                                             Access access) {
  auto database = OpenDatabase(address, access == Access::kRead);
  if (!database.ok()) return database.error().WithContext("ledger");
  return Open(std::move(database).value(), access);
}

Result<std::unique_ptr<Ledger>> Ledger::Open(std::unique_ptr<Database> database,
                                             Access access) {
  const auto status = access == Access::kRead ? CheckSchema(database.get())
                                              : Migrate(database.get());
  if (!status.ok()) return status.error().WithContext("ledger");
  return std::unique_ptr<Ledger>(new Ledger(std::move(database)));
}

Result<bool> Ledger::HasDetection(const std::string& id) {
  bool found = false;
  auto status = database_->Run("select 1 from detections where id = ?",
                               {ToSql(id)}, [&](const SqlRow&) {
                                 found = true;
                                 return false;
                               });
  if (!status.ok()) return status.error();
  return found;
}

Status Ledger::AddDetection(const CaseRecord& record, bool counted,
                            Timestamp recorded_at) {
  return database_->Run(
      "insert into detections (id, rule, revision, rule_hash, customer, at, "
      "recorded_at, counted, record) values (?, ?, ?, ?, ?, ?, ?, ?, ?) "
      "on conflict do nothing",
      {ToSql(record.detection_id), ToSql(record.rule_id),
       ToSql(record.revision), ToSql(record.rule_hash), ToSql(record.customer),
       ToSql(record.at), ToSql(recorded_at), ToSql(counted), ToJson(record)});
}

Result<std::optional<CaseRecord>> Ledger::FindDetection(const std::string& id) {
  std::optional<Result<CaseRecord>> found;
  auto status = database_->Run("select record from detections where id = ?",
                               {ToSql(id)}, [&](const SqlRow& row) {
                                 found = ParseCaseRecord(row.Text(0));
                                 return false;
                               });
  if (!status.ok()) return status.error();
  if (!found) return std::optional<CaseRecord>();
  if (!found->ok()) return found->error().WithContext("detection " + id);
  return std::optional<CaseRecord>(std::move(*found).value());
}

Status Ledger::AddDecision(const DecisionRecord& decision) {
  const Verdict& verdict = decision.verdict;
  return database_->Run(
      "insert into decisions (detection, action, channel, template, kind, "
      "reason, until, detail, rule_hash, decided_at) "
      "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {ToSql(decision.detection), ToSql(decision.action),
       ToSql(decision.channel), ToSql(decision.template_name),
       ToSql(ToString(verdict.kind)), ToSql(ToString(verdict.reason)),
       ToSql(verdict.until), ToSql(verdict.detail), ToSql(decision.rule_hash),
       ToSql(decision.at)});
}

Result<std::vector<DecisionRecord>> Ledger::Decisions(
    const std::string& detection) {
  std::vector<DecisionRecord> decisions;
  auto status = database_->Run(
      "select action, channel, template, kind, reason, until, detail, "
      "rule_hash, decided_at from decisions where detection = ? "
      "order by action",
      {ToSql(detection)}, [&](const SqlRow& row) {
        DecisionRecord& decision = decisions.emplace_back();
        decision.detection = detection;
        decision.action = static_cast<int>(row.Int(0));
        decision.channel = row.Text(1);
        decision.template_name = row.Text(2);
        decision.verdict.kind = KindOf(row.Text(3));
        decision.verdict.reason =
            ParseReason(row.Text(4)).value_or(Reason::kNone);
        decision.verdict.until = ReadTime(row, 5);
        decision.verdict.detail = row.Text(6);
        decision.rule_hash = row.Text(7);
        decision.at = Timestamp(Duration(row.Int(8)));
        return true;
      });
  if (!status.ok()) return status.error();
  return decisions;
}

Status Ledger::PutProfile(const std::string& customer,
                          const SaidByEvents& said) {
  const ProfileJson json = ToJson(said);
  // The same event may come twice: no write for that.
  return database_->Run(
      "insert into profiles (customer, facts, said_at) values (?, ?, ?) "
      "on conflict (customer) do update set facts = excluded.facts, "
      "said_at = excluded.said_at where profiles.facts <> excluded.facts "
      "or profiles.said_at <> excluded.said_at",
      {ToSql(customer), json.facts, json.said_at});
}

Result<SaidByEvents> Ledger::ReadProfile(const std::string& customer) {
  Result<SaidByEvents> said = SaidByEvents();
  auto status =
      database_->Run("select facts, said_at from profiles where customer = ?",
                     {ToSql(customer)}, [&](const SqlRow& row) {
                       said = SaidFromJson({row.Text(0), row.Text(1)});
                       return false;
                     });
  if (!status.ok()) return status.error();
  if (!said.ok()) return said.error().WithContext("profile in the ledger");
  return said;
}

// By pages: not everybody is to be in memory twice.
Status Ledger::EachProfile(
    const std::function<void(std::string_view, SaidByEvents)>& visit) {
  std::string last;
  int found = kProfilesAtOnce;
  while (found == kProfilesAtOnce) {
    found = 0;
    Status broken;
    auto status = database_->Run(
        "select customer, facts, said_at from profiles where customer > ? "
        "order by customer limit ?",
        {ToSql(last), ToSql(kProfilesAtOnce)}, [&](const SqlRow& row) {
          auto said = SaidFromJson({row.Text(1), row.Text(2)});
          if (!said.ok()) {
            broken = said.error().WithContext("profile in the ledger");
            return false;
          }
          ++found;
          last = row.Text(0);
          visit(row.Text(0), std::move(said).value());
          return true;
        });
    if (status.ok()) status = broken;
    if (!status.ok()) return status;
  }
  return {};
}

Result<bool> Ledger::KnowsStates() {
  bool known = false;
  auto status = database_->Run("select 1 from states limit 1", {},
                               [&known](const SqlRow&) {
                                 known = true;
                                 return false;
                               });
  if (!status.ok()) return status.error();
  return known;
}

Status Ledger::AddState(const std::string& instance) {
  return database_->Run(
      "insert into states (name) values (?) on conflict (name) do nothing",
      {ToSql(instance)});
}

Result<StopAll> Ledger::ReadStopAll() {
  StopAll stop_all;
  auto status = database_->Run(
      "select is_on, changed_by, changed_at from switches "
      "where name = 'stop_all'",
      {}, [&](const SqlRow& row) {
        stop_all.on = row.Int(0) != 0;
        stop_all.by = row.Text(1);
        stop_all.since = Timestamp(Duration(row.Int(2)));
        return false;
      });
  if (!status.ok()) return status.error();
  return stop_all;
}

// In a storm the daemon writes almost without pause; each try waits for its
// turn for some seconds.
Status Ledger::SetStopAll(const StopAll& stop_all) {
  Status status = WriteStopAll(stop_all);
  for (int i = 1; i < kStopAllTries && !status.ok(); ++i) {
    status = WriteStopAll(stop_all);
  }
  return status;
}

Status Ledger::WriteStopAll(const StopAll& stop_all) {
  return database_->Run(
      "insert into switches (name, is_on, changed_by, changed_at) "
      "values ('stop_all', ?, ?, ?) on conflict (name) do update set "
      "is_on = excluded.is_on, changed_by = excluded.changed_by, "
      "changed_at = excluded.changed_at "
      // Thrown again: who did it first, and when, is what is asked for.
      "where switches.is_on <> excluded.is_on",
      {ToSql(stop_all.on), ToSql(stop_all.by), ToSql(stop_all.since)});
}

Status Ledger::PutOutlet(const OutletRecord& outlet) {
  return database_->Run(
      "insert into outlets (name, usable, problem, changed_at) "
      "values (?, ?, ?, ?) on conflict (name) do update set "
      "usable = excluded.usable, problem = excluded.problem, "
      "changed_at = excluded.changed_at",
      {ToSql(outlet.name), ToSql(outlet.usable), ToSql(outlet.problem),
       ToSql(outlet.since)});
}

Status Ledger::RemoveOutlet(const std::string& name) {
  return database_->Run("delete from outlets where name = ?", {ToSql(name)});
}

Result<std::vector<OutletRecord>> Ledger::Outlets() {
  std::vector<OutletRecord> outlets;
  auto status = database_->Run(
      "select name, usable, problem, changed_at from outlets order by name", {},
      [&](const SqlRow& row) {
        outlets.push_back({std::string(row.Text(0)), row.Int(1) != 0,
                           std::string(row.Text(2)),
                           Timestamp(Duration(row.Int(3)))});
        return true;
      });
  if (!status.ok()) return status.error();
  return outlets;
}

Result<int> Ledger::Forget(Timestamp before, int most) {
  std::vector<std::string> ids;
  auto status = database_->Run(
      "select id from detections where recorded_at < ? and not exists "
      "(select 1 from deliveries where detection = detections.id and (state in "
      "('pending', 'held', 'sending', 'retry', 'unknown') or contact_at >= ?)) "
      "order by recorded_at limit ?",
      {ToSql(before), ToSql(before), ToSql(most)}, [&](const SqlRow& row) {
        ids.emplace_back(row.Text(0));
        return true;
      });
  if (!status.ok()) return status.error();
  for (const std::string& id : ids) {
    for (const std::string_view sql :
         {"delete from attempts where delivery in "
          "(select key from deliveries where detection = ?)",
          "delete from rulings where delivery in "
          "(select key from deliveries where detection = ?)",
          "delete from deliveries where detection = ?",
          "delete from simulated_contacts where detection = ?",
          "delete from decisions where detection = ?",
          "delete from detections where id = ?"}) {
      status = database_->Run(sql, {ToSql(id)});
      if (!status.ok()) return status.error();
    }
  }
  return static_cast<int>(ids.size());
}

}  // namespace premura
