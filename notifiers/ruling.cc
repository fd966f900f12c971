// SPDX-License-Identifier: Apache-2.0
#include "notifiers/ruling.h"

#include <fmt/format.h>

#include <set>

#include "signals/zones.h"

namespace premura {
namespace {

constexpr int kDroppedAtOnce = 1000;

bool IsOfDoubt(RulingWord word) {
  return word == RulingWord::kArrived || word == RulingWord::kLost;
}

// What stands in the way; empty: nothing.
std::string Refusal(const Delivery& delivery, RulingWord word, Timestamp now) {
  const std::string_view state = ToString(delivery.state);
  if (IsOfDoubt(word) && delivery.state != DeliveryState::kUnknown) {
    return fmt::format("delivery {} is {}: only what is unknown can be settled",
                       delivery.key, state);
  }
  if (NeedsPerson(delivery)) {
    if (word != RulingWord::kReleased || delivery.reason != Reason::kStopAll) {
      return "";
    }
    return fmt::format(
        "delivery {} is held by stop_all: `premura stop-all off` lets it go",
        delivery.key);
  }
  if (delivery.state == DeliveryState::kUnknown) {
    // Nobody looks: its channel is gone, or broken.
    if (*delivery.due_at < now) return "";
    return fmt::format("delivery {} is still being looked into, next at {}",
                       delivery.key, FormatUtc(*delivery.due_at));
  }
  if (delivery.state == DeliveryState::kHeld) {
    return fmt::format("delivery {} is held by {} and goes by itself",
                       delivery.key, ToString(delivery.reason));
  }
  return fmt::format(
      "delivery {} is {}: only what `premura held` lists can be {}",
      delivery.key, state, ToString(word));
}

void Apply(RulingWord word, const std::string& by, Timestamp now,
           Delivery* delivery) {
  switch (word) {
    case RulingWord::kReleased:
      delivery->released_by = by;
      delivery->due_at = now;
      delivery->retries = 0;
      delivery->retrying_since.reset();
      return;
    case RulingWord::kDropped:
      // What waits has surely not arrived: its tries were no contacts.
      if (IsWaiting(delivery->state)) delivery->first_attempt.reset();
      delivery->state = DeliveryState::kSuppressed;
      delivery->reason = Reason::kDropped;
      delivery->changed_at = now;
      delivery->due_at.reset();
      break;
    case RulingWord::kArrived:
      // Counts for caps from when it was sent.
      delivery->state = DeliveryState::kSent;
      break;
    case RulingWord::kLost:
      delivery->state = DeliveryState::kFailed;
      delivery->changed_at = now;
      break;
  }
  delivery->detail.clear();
}

Status Write(Ledger* ledger, DeliveryState before, const Delivery& delivery,
             RulingWord word, const std::string& by, Timestamp now) {
  Outbox outbox(ledger->database());
  auto status = ledger->database()->Run(
      "insert into rulings (delivery, at, word, said_by) values (?, ?, ?, ?) "
      "on conflict do nothing",
      {ToSql(delivery.key), ToSql(now), ToSql(ToString(word)), ToSql(by)});
  if (status.ok()) {
    status = IsWaiting(before) ? outbox.SaveWaiting(delivery)
                               : outbox.Save(delivery);
  }
  if (!status.ok()) return status;
  return outbox.ReleaseMailsOf(delivery, now);
}

Status SayInTransaction(Ledger* ledger, const std::set<std::string>& keys,
                        RulingWord word, const std::string& by, Timestamp now) {
  Outbox outbox(ledger->database());
  std::string mistakes;
  for (const std::string& key : keys) {
    auto found = outbox.Take(key);
    if (!found.ok()) return found.error();
    std::string refusal = found.value()
                              ? Refusal(*found.value(), word, now)
                              : fmt::format("there is no delivery {}", key);
    if (!refusal.empty()) {
      mistakes += (mistakes.empty() ? "" : "\n") + refusal;
      continue;
    }
    Delivery delivery = *std::move(found).value();
    const DeliveryState before = delivery.state;
    Apply(word, by, now, &delivery);
    auto status = Write(ledger, before, delivery, word, by, now);
    if (!status.ok()) return status;
  }
  return mistakes.empty() ? Status() : Status(Error{mistakes});
}

Result<std::size_t> DropSome(Ledger* ledger, const std::string& rule,
                             const std::string& by, Timestamp now) {
  auto waiting = Outbox(ledger->database()).WaitingOf(rule, kDroppedAtOnce);
  if (!waiting.ok()) return waiting.error();
  for (Delivery& delivery : waiting.value()) {
    const DeliveryState before = delivery.state;
    Apply(RulingWord::kDropped, by, now, &delivery);
    auto status =
        Write(ledger, before, delivery, RulingWord::kDropped, by, now);
    if (!status.ok()) return status.error();
  }
  return waiting.value().size();
}

}  // namespace

std::string_view ToString(RulingWord word) {
  switch (word) {
    case RulingWord::kReleased:
      return "released";
    case RulingWord::kDropped:
      return "dropped";
    case RulingWord::kArrived:
      return "arrived";
    case RulingWord::kLost:
      break;
  }
  return "lost";
}

Status SayOf(Ledger* ledger, const std::vector<std::string>& keys,
             RulingWord word, const std::string& by, Timestamp now) {
  auto status = ledger->Begin();
  if (status.ok()) {
    status =
        SayInTransaction(ledger, {keys.begin(), keys.end()}, word, by, now);
  }
  if (status.ok()) status = ledger->Commit();
  if (!status.ok()) ledger->Rollback();
  return status;
}

Result<std::size_t> DropAllOf(Ledger* ledger, const std::string& rule,
                              const std::string& by, Timestamp now) {
  std::size_t all = 0;
  for (;;) {
    auto status = ledger->Begin();
    if (!status.ok()) return status.error();
    auto some = DropSome(ledger, rule, by, now);
    if (some.ok()) status = ledger->Commit();
    if (!some.ok() || !status.ok()) {
      ledger->Rollback();
      return some.ok() ? Result<std::size_t>(status.error()) : some;
    }
    all += some.value();
    if (some.value() < kDroppedAtOnce) return all;
  }
}

Result<std::vector<Ruling>> RulingsOf(Ledger* ledger, const std::string& key) {
  std::vector<Ruling> rulings;
  auto status = ledger->database()->Run(
      "select at, word, said_by from rulings where delivery = ? order by at",
      {ToSql(key)}, [&](const SqlRow& row) {
        rulings.push_back({Timestamp(Duration(row.Int(0))),
                           std::string(row.Text(1)), std::string(row.Text(2))});
        return true;
      });
  if (!status.ok()) return status.error();
  return rulings;
}

}  // namespace premura
