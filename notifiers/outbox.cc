// SPDX-License-Identifier: Apache-2.0
#include "notifiers/outbox.h"

#include <fmt/format.h>

#include <iterator>
#include <limits>
#include <utility>

#include "notifiers/ledger.h"
#include "notifiers/limits_json.h"
#include "notifiers/outbox_sql.h"

namespace premura {
namespace {

constexpr std::int64_t kNotYet = Outbox::kNotYet;

constexpr std::string_view kColumns =
    "key, detection, action, rule, customer, channel, lane, template, "
    "category, queue, ticket_priority, priority, critical, limits, "
    "detected_at, created_at, expires_at, state, reason, detail, changed_at, "
    "due_at, attempts, retries, retrying_since, first_attempt, message, "
    "provider_id, ticket_desk, ticket_id, ticket_tag, ticket_message, "
    "cancelled_by, released_by, owner";

std::string SelectWhere(std::string_view condition) {
  std::string sql = "select ";
  sql.append(kColumns).append(" from deliveries where ").append(condition);
  return sql;
}

std::string TextOf(const SqlRow& row, int column) {
  return std::string(row.Text(column));
}

void ReadIdentity(const SqlRow& row, Delivery* delivery) {
  delivery->key = TextOf(row, 0);
  delivery->detection = TextOf(row, 1);
  delivery->action = static_cast<int>(row.Int(2));
  delivery->rule = TextOf(row, 3);
  delivery->customer = TextOf(row, 4);
  delivery->channel = TextOf(row, 5);
  delivery->lane = TextOf(row, 6);
  delivery->template_name = TextOf(row, 7);
  delivery->category = TextOf(row, 8);
  delivery->queue = TextOf(row, 9);
  delivery->ticket_priority = TextOf(row, 10);
  delivery->priority = static_cast<int>(row.Int(11));
  delivery->critical = row.Int(12) != 0;
  delivery->detected_at = Timestamp(Duration(row.Int(14)));
  delivery->created_at = Timestamp(Duration(row.Int(15)));
  delivery->expires_at = ReadTime(row, 16);
  delivery->cancelled_by = TextOf(row, 32);
}

Status ReadStanding(const SqlRow& row, Delivery* delivery) {
  const auto state = ParseDeliveryState(row.Text(17));
  const auto reason = ParseReason(row.Text(18));
  if (!state || !reason) {
    return Error{"delivery " + delivery->key + ": unknown state `" +
                 TextOf(row, 17) + "` or reason `" + TextOf(row, 18) + "`"};
  }
  delivery->state = *state;
  delivery->reason = *reason;
  delivery->detail = TextOf(row, 19);
  delivery->changed_at = Timestamp(Duration(row.Int(20)));
  delivery->due_at = ReadTime(row, 21);
  delivery->attempts = static_cast<int>(row.Int(22));
  delivery->retries = static_cast<int>(row.Int(23));
  delivery->retrying_since = ReadTime(row, 24);
  delivery->first_attempt = ReadTime(row, 25);
  delivery->message = TextOf(row, 26);
  delivery->provider_id = TextOf(row, 27);
  delivery->released_by = TextOf(row, 33);
  delivery->owner = TextOf(row, 34);
  if (!row.Text(29).empty()) {
    delivery->ticket = TicketReference{TextOf(row, 28), TextOf(row, 29),
                                       TextOf(row, 30), TextOf(row, 31)};
  }
  return {};
}

Result<Delivery> ReadDelivery(const SqlRow& row) {
  Delivery delivery;
  ReadIdentity(row, &delivery);
  auto status =
      LimitsFromJson(row.Text(13), &delivery.caps, &delivery.quiet_hours);
  if (!status.ok()) return status.error();
  status = ReadStanding(row, &delivery);
  if (!status.ok()) return status.error();
  return delivery;
}

// When it counts for caps; null if it never will.
SqlValue ContactAt(const Delivery& delivery) {
  switch (delivery.state) {
    case DeliveryState::kPending:
    case DeliveryState::kHeld:
    case DeliveryState::kRetry:
      return kNotYet;
    case DeliveryState::kSending:
    case DeliveryState::kSent:
    case DeliveryState::kUnknown:
      return ToSql(delivery.changed_at);
    case DeliveryState::kSuppressed:
      // Dropped in doubt: it may have arrived when it was first tried.
      if (delivery.reason == Reason::kDropped) {
        return ToSql(delivery.first_attempt);
      }
      break;
    case DeliveryState::kFailed:
      break;
  }
  return {};
}

}  // namespace

Status Outbox::Add(const Delivery& d) {
  static const std::string sql =
      "insert into deliveries (" + std::string(kColumns) +
      ", contact_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
      "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  const TicketReference ticket = d.ticket.value_or(TicketReference());
  return database_->Run(sql, {ToSql(d.key),
                              ToSql(d.detection),
                              ToSql(d.action),
                              ToSql(d.rule),
                              ToSql(d.customer),
                              ToSql(d.channel),
                              ToSql(d.lane),
                              ToSql(d.template_name),
                              ToSql(d.category),
                              ToSql(d.queue),
                              ToSql(d.ticket_priority),
                              ToSql(d.priority),
                              ToSql(d.critical),
                              LimitsToJson(d.caps, d.quiet_hours),
                              ToSql(d.detected_at),
                              ToSql(d.created_at),
                              ToSql(d.expires_at),
                              ToSql(ToString(d.state)),
                              ToSql(ToString(d.reason)),
                              ToSql(d.detail),
                              ToSql(d.changed_at),
                              ToSql(d.due_at),
                              ToSql(d.attempts),
                              ToSql(d.retries),
                              ToSql(d.retrying_since),
                              ToSql(d.first_attempt),
                              ToSql(d.message),
                              ToSql(d.provider_id),
                              ToSql(ticket.desk),
                              ToSql(ticket.id),
                              ToSql(ticket.subject_tag),
                              ToSql(ticket.message_id),
                              ToSql(d.cancelled_by),
                              ToSql(d.released_by),
                              ToSql(d.owner),
                              ContactAt(d)});
}

Status Outbox::Save(const Delivery& d) { return SaveWhere(d, "", {}); }

Status Outbox::SaveAnswer(const Delivery& d) {
  return SaveWhere(
      d, " and attempts = ? and owner = ? and state in ('sending', 'unknown')",
      {ToSql(d.attempts), ToSql(d.owner)});
}

Status Outbox::SaveWaiting(const Delivery& d) {
  return SaveWhere(d, fmt::format(" and {}", kIsWaiting), {});
}

Status Outbox::SaveWhere(const Delivery& d, std::string_view condition,
                         std::vector<SqlValue> values) {
  std::string sql =
      "update deliveries set state = ?, reason = ?, detail = ?, "
      "changed_at = ?, due_at = ?, contact_at = ?, attempts = ?, "
      "retries = ?, retrying_since = ?, first_attempt = ?, message = ?, "
      "provider_id = ?, ticket_desk = ?, ticket_id = ?, ticket_tag = ?, "
      "ticket_message = ?, released_by = ?, owner = ? where key = ?";
  sql += condition;
  const TicketReference ticket = d.ticket.value_or(TicketReference());
  std::vector<SqlValue> all = {ToSql(ToString(d.state)),
                               ToSql(ToString(d.reason)),
                               ToSql(d.detail),
                               ToSql(d.changed_at),
                               ToSql(d.due_at),
                               ContactAt(d),
                               ToSql(d.attempts),
                               ToSql(d.retries),
                               ToSql(d.retrying_since),
                               ToSql(d.first_attempt),
                               ToSql(d.message),
                               ToSql(d.provider_id),
                               ToSql(ticket.desk),
                               ToSql(ticket.id),
                               ToSql(ticket.subject_tag),
                               ToSql(ticket.message_id),
                               ToSql(d.released_by),
                               ToSql(d.owner),
                               ToSql(d.key)};
  std::move(values.begin(), values.end(), std::back_inserter(all));
  return database_->Run(sql, all);
}

Result<std::vector<Delivery>> Outbox::Select(
    std::string_view sql, const std::vector<SqlValue>& values) {
  std::vector<Delivery> deliveries;
  Status broken;
  auto status = database_->Run(sql, values, [&](const SqlRow& row) {
    auto delivery = ReadDelivery(row);
    if (!delivery.ok()) {
      broken = delivery.error();
      return false;
    }
    deliveries.push_back(std::move(delivery).value());
    return true;
  });
  if (!status.ok()) return status.error();
  if (!broken.ok()) return broken.error();
  return deliveries;
}

Result<std::optional<Delivery>> Outbox::Find(const std::string& key) {
  return FindOne(key, "");
}

Result<std::optional<Delivery>> Outbox::Take(const std::string& key) {
  return FindOne(key, database_->ForUpdate(Database::Taken::kWait));
}

Result<std::optional<Delivery>> Outbox::FindOne(const std::string& key,
                                                std::string_view lock) {
  auto found = Select(SelectWhere("key = ?").append(lock), {ToSql(key)});
  if (!found.ok()) return found.error();
  if (found.value().empty()) return std::optional<Delivery>();
  return std::optional<Delivery>(std::move(found.value().front()));
}

Result<std::vector<Delivery>> Outbox::OfDetection(
    const std::string& detection) {
  static const std::string sql = SelectWhere("detection = ? order by action");
  return Select(sql, {ToSql(detection)});
}

Result<std::vector<Delivery>> Outbox::Due(
    const std::string& lane, Timestamp now, int most,
    const std::set<RuleAndTemplate>& but) {
  std::vector<SqlValue> values = {ToSql(lane), ToSql(now)};
  std::string sql = SelectWhere("lane = ? and due_at <= ?");
  sql += NoneOf(but, &values);
  sql += " order by due_at limit ?";
  values.push_back(ToSql(most));
  sql += database_->ForUpdate(Database::Taken::kSkip);
  return Select(sql, values);
}

std::string Outbox::NoneOf(const std::set<RuleAndTemplate>& left,
                           std::vector<SqlValue>* values) {
  if (left.empty()) return "";
  std::string condition;
  for (const auto& [rule, name] : left) {
    condition +=
        condition.empty() ? " and (rule, template) not in (values " : ", ";
    condition += "(?, ?)";
    values->push_back(ToSql(rule));
    values->push_back(ToSql(name));
  }
  return condition + ")";
}

Result<std::vector<Delivery>> Outbox::BeingSent(const std::string& owner) {
  static const std::string sql = SelectWhere(fmt::format(
      "state = 'sending' and (? = '' or owner = ?) and {}", kIsOpen));
  return Select(sql, {ToSql(owner), ToSql(owner)});
}

Result<std::vector<Delivery>> Outbox::BeingAsked(const std::string& owner) {
  static const std::string sql = SelectWhere(
      fmt::format("state = 'unknown' and (? = '' or owner = ?) and {} and "
                  "exists (select 1 from "
                  "attempts a where a.delivery = deliveries.key and a.number = "
                  "deliveries.attempts and a.ended_at is null)",
                  kIsOpen));
  return Select(sql, {ToSql(owner), ToSql(owner)});
}

Result<std::vector<Delivery>> Outbox::WaitingOf(const std::string& rule,
                                                int most) {
  static const std::string sql = SelectWhere(
      fmt::format("rule = ? and {} and {} limit ?", kIsWaiting, kIsOpen));
  return Select(sql + std::string(database_->ForUpdate(Database::Taken::kWait)),
                {ToSql(rule), ToSql(most)});
}

Result<std::vector<Delivery>> Outbox::ForPerson(int most) {
  static const std::string sql = SelectWhere(
      fmt::format("state in ('held', 'unknown') and due_at is null and {} "
                  "order by changed_at, key limit ?",
                  kIsOpen));
  return Select(sql, {ToSql(most)});
}

Result<std::vector<Delivery>> Outbox::Open(const std::string& rule,
                                           const std::string& customer) {
  static const std::string sql =
      SelectWhere(fmt::format("customer = ? and rule = ? and {}", kIsOpen));
  return Select(sql, {ToSql(customer), ToSql(rule)});
}

Status Outbox::CancelCall(const std::string& key, const std::string& event) {
  return database_->Run(
      "update deliveries set cancelled_by = ? where key = ? "
      "and cancelled_by = ''",
      {ToSql(event), ToSql(key)});
}

Result<std::vector<Contact>> Outbox::Contacts(const std::string& customer,
                                              ContactScope scope,
                                              Timestamp since) {
  std::vector<Contact> contacts;
  std::string sql =
      "select key, rule, channel, contact_at, priority from deliveries "
      "where customer = ? and contact_at > ? and ";
  sql.append(ConditionOf(scope)).append(" order by created_at, action");
  auto status = database_->Run(
      sql, {ToSql(customer), ToSql(since)}, [&](const SqlRow& row) {
        const bool waiting = row.Int(3) == kNotYet;
        contacts.push_back(
            {TextOf(row, 0), TextOf(row, 1), TextOf(row, 2),
             waiting ? Timestamp() : Timestamp(Duration(row.Int(3))), waiting,
             static_cast<int>(row.Int(4))});
        return true;
      });
  if (!status.ok()) return status.error();
  return contacts;
}

Result<std::optional<Timestamp>> Outbox::LastContact(
    const std::string& rule, const std::string& customer) {
  return QueryTime(database_,
                   "select max(contact_at) from deliveries where customer = ? "
                   "and rule = ? and contact_at is not null",
                   {ToSql(customer), ToSql(rule)});
}

}  // namespace premura
