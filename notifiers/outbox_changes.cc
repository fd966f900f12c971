// SPDX-License-Identifier: Apache-2.0
// The outbox's changes of many rows at once, its counts, and its attempts.

#include <fmt/format.h>

#include "notifiers/ledger.h"
#include "notifiers/outbox.h"
#include "notifiers/outbox_sql.h"

namespace premura {

Status Outbox::Release(Reason reason, const std::string& customer,
                       Timestamp now) {
  if (customer.empty()) {
    return database_->Run(
        fmt::format("update deliveries set due_at = ? where reason = ? "
                    "and state in ('held', 'unknown') and {}",
                    kIsOpen),
        {ToSql(now), ToSql(ToString(reason))});
  }
  // By the customer's index: those that wait, of however many.
  return database_->Run(
      "update deliveries set due_at = ? where customer = ? and contact_at = ? "
      "and reason = ? and state = 'held'",
      {ToSql(now), ToSql(customer), SqlValue(kNotYet),
       ToSql(ToString(reason))});
}

Status Outbox::ReleaseMailsOf(const Delivery& ticket, Timestamp now) {
  if (ticket.channel != "ticket") return {};
  return database_->Run(
      "update deliveries set due_at = ? where detection = ? and reason = ? "
      "and state = 'held'",
      {ToSql(now), ToSql(ticket.detection),
       ToSql(ToString(Reason::kWaitingForTicket))});
}

Status Outbox::ReleaseStuck(Reason reason, Timestamp now) {
  return database_->Run(fmt::format("update deliveries set due_at = ? where "
                                    "reason = ? and state = 'held' "
                                    "and due_at is null and {}",
                                    kIsOpen),
                        {ToSql(now), ToSql(ToString(reason))});
}

Status Outbox::MarkDue(const std::string& lane, Timestamp now, Reason reason) {
  return database_->Run(
      fmt::format(
          "update deliveries set state = 'held', reason = ?, detail = '', "
          "changed_at = ? "
          "where lane = ? and due_at <= ? and {} and reason <> ?",
          kIsWaiting),
      {ToSql(ToString(reason)), ToSql(now), ToSql(lane), ToSql(now),
       ToSql(ToString(reason))});
}

Status Outbox::Excuse(const std::string& lane, const std::string& owner,
                      Timestamp now) {
  return database_->Run(
      fmt::format("update deliveries set due_at = ?, retries = 0, "
                  "retrying_since = null where lane = ? and owner = ? "
                  "and reason = ? and state in ('held', 'unknown') "
                  "and retries > 0 and {}",
                  kIsOpen),
      {ToSql(now), ToSql(lane), ToSql(owner),
       ToSql(ToString(Reason::kMisconfigured))});
}

Status Outbox::MoveLane(const std::string& from, const std::string& to) {
  return database_->Run(
      fmt::format("update deliveries set lane = ? where lane = ? and {}",
                  kIsOpen),
      {ToSql(to), ToSql(from)});
}

Result<std::set<std::string>> Outbox::Lanes() {
  std::set<std::string> lanes;
  auto status = database_->Run(
      "select distinct lane from deliveries where due_at is not null", {},
      [&](const SqlRow& row) {
        lanes.emplace(row.Text(0));
        return true;
      });
  if (!status.ok()) return status.error();
  return lanes;
}

Result<std::vector<std::pair<std::string, std::string>>> Outbox::OpenPairs() {
  std::vector<std::pair<std::string, std::string>> pairs;
  auto status = database_->Run(
      fmt::format("select distinct rule, customer from deliveries where {}",
                  kIsOpen),
      {}, [&](const SqlRow& row) {
        pairs.emplace_back(row.Text(0), row.Text(1));
        return true;
      });
  if (!status.ok()) return status.error();
  return pairs;
}

Result<std::vector<std::pair<std::string, std::string>>> Outbox::OpenPairs(
    const std::set<std::string>& customers) {
  // One statement for any number of them.
  constexpr std::size_t kAtOnce = 64;
  std::string places = "?";
  for (std::size_t i = 1; i < kAtOnce; ++i) places += ", ?";
  const std::string sql = fmt::format(
      "select distinct rule, customer from deliveries where {} "
      "and customer in ({})",
      kIsOpen, places);
  std::vector<std::pair<std::string, std::string>> pairs;
  for (auto next = customers.begin(); next != customers.end();) {
    std::vector<SqlValue> values;
    for (; values.size() < kAtOnce && next != customers.end(); ++next) {
      values.push_back(ToSql(*next));
    }
    values.resize(kAtOnce, values.back());
    auto status = database_->Run(sql, values, [&](const SqlRow& row) {
      pairs.emplace_back(row.Text(0), row.Text(1));
      return true;
    });
    if (!status.ok()) return status.error();
  }
  return pairs;
}

Result<std::map<std::string, std::size_t>> Outbox::CountOpen() {
  std::map<std::string, std::size_t> counts;
  auto status = database_->Run(
      fmt::format(
          "select state, count(*) from deliveries where {} group by state",
          kIsOpen),
      {}, [&](const SqlRow& row) {
        counts[std::string(row.Text(0))] = static_cast<std::size_t>(row.Int(1));
        return true;
      });
  if (!status.ok()) return status.error();
  return counts;
}

Result<std::map<std::string, WaitForPerson>> Outbox::CountForPerson() {
  std::map<std::string, WaitForPerson> waits;
  auto status = database_->Run(
      fmt::format(
          "select state, count(*), min(changed_at) from deliveries where state "
          "in "
          "('held', 'unknown') and due_at is null and {} group by state",
          kIsOpen),
      {}, [&](const SqlRow& row) {
        waits[std::string(row.Text(0))] = {static_cast<std::size_t>(row.Int(1)),
                                           Timestamp(Duration(row.Int(2)))};
        return true;
      });
  if (!status.ok()) return status.error();
  return waits;
}

Result<std::optional<Timestamp>> Outbox::NextDue(
    const std::string& lane, const std::set<RuleAndTemplate>& but) {
  std::vector<SqlValue> values = {ToSql(lane)};
  std::string sql =
      "select min(due_at) from deliveries where lane = ? and due_at is not "
      "null";
  sql += NoneOf(but, &values);
  return QueryTime(database_, sql, values);
}

Result<std::optional<Timestamp>> Outbox::OldestDue(Timestamp now) {
  return QueryTime(database_,
                   "select min(due_at) from deliveries where due_at <= ?",
                   {ToSql(now)});
}

Status Outbox::StartAttempt(const Attempt& attempt) {
  const std::string none;
  return database_->Run(
      "insert into attempts (delivery, number, what, started_at, verdict, "
      "reason, detail) values (?, ?, ?, ?, ?, ?, ?)",
      {ToSql(attempt.delivery), ToSql(attempt.number), ToSql(attempt.what),
       ToSql(attempt.started), none, ToSql(ToString(Reason::kNone)), none});
}

Status Outbox::EndAttempt(const Attempt& attempt, const std::string& owner) {
  return database_->Run(
      "update attempts set ended_at = ?, verdict = ?, reason = ?, "
      "detail = ? where delivery = ? and number = ? and exists (select 1 from "
      "deliveries where key = delivery and (attempts > number or owner = ?))",
      {ToSql(attempt.ended), ToSql(attempt.verdict),
       ToSql(ToString(attempt.reason)), ToSql(attempt.detail),
       ToSql(attempt.delivery), ToSql(attempt.number), ToSql(owner)});
}

}  // namespace premura
