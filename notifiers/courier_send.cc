// SPDX-License-Identifier: Apache-2.0
// The courier's way out: from what is due to calls.

#include <algorithm>
#include <utility>

#include "notifiers/candidate.h"
#include "notifiers/courier.h"
#include "notifiers/message_builder.h"

namespace premura {
namespace {

// Looked at in one go, beside those that find a free slot: deliveries that the
// gates stop take no slot.
constexpr int kAtLeast = 32;
constexpr Duration kBusyPause = std::chrono::milliseconds(50);

}  // namespace

Status Courier::Send(Timestamp now, bool stop_all) {
  if (!lease_->Holds()) return {};
  left_.LookAgain(now);
  std::vector<Outlet*> ready;
  for (auto& [name, outlet] : outlets_) {
    if (outlet.Slots(now, settings_->retry.max_concurrent) <= 0) continue;
    const auto due = outbox_->NextDue(name, left_.left());
    if (!due.ok()) return due.error();
    if (due.value() && *due.value() <= now) ready.push_back(&outlet);
  }
  if (ready.empty()) return {};
  std::vector<Call> calls;
  Told told;
  if (auto status = ledger_->Begin(); !status.ok()) return status;
  // Who takes over looks for what is being sent before this, or once it is
  // durable.
  if (auto status = lease_->Confirm(); !status.ok()) return status;
  for (Outlet* outlet : ready) {
    auto status = SendFrom(outlet, now, stop_all, &calls, &told);
    if (!status.ok()) return status;
  }
  if (auto status = ledger_->Commit(); !status.ok()) {
    // It may be durable all the same.
    unbegun_ = std::move(calls);
    return status;
  }
  told.Tell(observer_);
  for (Call& call : calls) {
    // The ledger may have taken its time.
    if (lease_->Holds()) {
      Start(std::move(call));
    } else {
      unbegun_.push_back(std::move(call));
    }
  }
  return {};
}

Status Courier::PutBack(Timestamp now) {
  if (unbegun_.empty()) return {};
  if (auto status = ledger_->Begin(); !status.ok()) return status;
  for (const Call& call : unbegun_) {
    // If it was not durable, another may have begun a call of the same number.
    const auto found = outbox_->Take(call.before.key);
    if (!found.ok()) return found.error();
    if (!found.value() || found.value()->owner != call.delivery.owner ||
        found.value()->attempts != call.delivery.attempts) {
      continue;
    }
    Delivery delivery = call.before;
    delivery.attempts = call.delivery.attempts;
    delivery.owner = call.delivery.owner;
    delivery.due_at = now;
    Attempt attempt;
    attempt.delivery = delivery.key;
    attempt.number = delivery.attempts;
    attempt.ended = now;
    attempt.verdict = ToString(Outcome::Verdict::kRetry);
    attempt.detail = "was not begun";
    auto status = outbox_->EndAttempt(attempt, delivery.owner);
    if (status.ok()) status = outbox_->SaveAnswer(delivery);
    if (!status.ok()) return status;
  }
  if (auto status = ledger_->Commit(); !status.ok()) return status;
  unbegun_.clear();
  return {};
}

Status Courier::SendFrom(Outlet* outlet, Timestamp now, bool stop_all,
                         std::vector<Call>* calls, Told* told) {
  const int slots = outlet->Slots(now, settings_->retry.max_concurrent);
  auto due = DueHere(*outlet, now, std::max(kAtLeast, slots));
  if (!due.ok()) return due.error();
  // Another instance has in hand what is due: looking again at once would only
  // spin until that ends.
  if (due.value().empty()) busy_until_ = now + kBusyPause;
  const std::size_t full = calls->size() + static_cast<std::size_t>(slots);
  for (Delivery& delivery : due.value()) {
    if (calls->size() >= full) break;
    // Caps are exact: nobody else decides on this customer meanwhile. Not
    // waited for, as whoever decides may wait for what is in hand here.
    const auto mine = ledger_->database()->TryLock(delivery.customer);
    if (!mine.ok()) return mine.error();
    if (!mine.value()) {
      busy_until_ = now + kBusyPause;
      continue;
    }
    auto status =
        PrepareDue(outlet, std::move(delivery), now, stop_all, calls, told);
    if (!status.ok()) return status;
  }
  return {};
}

// What is left must not fill the places of what is not, nor take along what
// is of the same rule and has waited long enough.
Result<std::vector<Delivery>> Courier::DueHere(const Outlet& outlet,
                                               Timestamp now, int most) {
  for (;;) {
    auto due = outbox_->Due(outlet.name(), now, most, left_.left());
    if (!due.ok() || due.value().empty()) return due;
    std::vector<Delivery> here;
    for (Delivery& delivery : due.value()) {
      const auto left = left_.Leave(delivery, *settings_, now);
      if (!left.ok()) return left.error();
      if (!left.value()) here.push_back(std::move(delivery));
    }
    if (!here.empty()) return here;
  }
}

Status Courier::PrepareDue(Outlet* outlet, Delivery delivery, Timestamp now,
                           bool stop_all, std::vector<Call>* calls,
                           Told* told) {
  const auto verdict = AskGates(delivery, now, stop_all);
  if (!verdict.ok()) return verdict.error();
  if (delivery.state == DeliveryState::kUnknown) {
    return PrepareDoubtful(outlet, std::move(delivery), verdict.value(), now,
                           calls, told);
  }
  if (verdict.value().kind != Verdict::Kind::kSend) {
    return PutOff(verdict.value(), now, &delivery, told);
  }
  if (delivery.message.empty()) {
    const auto composed = Compose(&delivery, now, told);
    if (!composed.ok()) return composed.error();
    if (!composed.value()) return {};
  }
  return Begin(outlet, What::kDeliver, std::move(delivery), now, calls, told);
}

// One that may have arrived. Asking does no harm; repeating is a contact, which
// the gates may forbid, and where the other side would not know it for one, a
// person must have said so: else it stays as it is, for a person to see.
Status Courier::PrepareDoubtful(Outlet* outlet, Delivery delivery,
                                const Verdict& verdict, Timestamp now,
                                std::vector<Call>* calls, Told* told) {
  const OnDoubt on_doubt = outlet->channel()->on_doubt();
  if (on_doubt == OnDoubt::kAsk) {
    return Begin(outlet, What::kFind, std::move(delivery), now, calls, told);
  }
  const bool repeat =
      on_doubt == OnDoubt::kRepeat || !delivery.released_by.empty();
  if (repeat && verdict.kind == Verdict::Kind::kSend) {
    return Begin(outlet, What::kDeliver, std::move(delivery), now, calls, told);
  }
  delivery.due_at = repeat ? verdict.until : std::nullopt;
  if (repeat) {
    delivery.reason = verdict.reason;
    delivery.detail = "may have arrived; not repeated";
    if (verdict.kind == Verdict::Kind::kSuppress) delivery.released_by.clear();
    told->Add(delivery, now);
  }
  return outbox_->Save(delivery);
}

Result<Verdict> Courier::AskGates(const Delivery& delivery, Timestamp now,
                                  bool stop_all) {
  const auto profile = profiles_->Get(delivery.customer);
  if (!profile.ok()) return profile.error();
  Candidate candidate = CandidateOf(delivery, *profile.value());
  candidate.stop_all = stop_all;
  if (settings_->rules) LookUpRule(*settings_->rules, &candidate);
  const ContactScope scope = ScopeOf(delivery.channel);
  const Duration window =
      LongestWindow(settings_->restraint, candidate.rule_caps, scope);
  if (window > Duration::zero()) {
    auto contacts = outbox_->Contacts(delivery.customer, scope, now - window);
    if (!contacts.ok()) return contacts.error();
    candidate.contacts = std::move(contacts).value();
    std::erase_if(candidate.contacts, [&](const Contact& contact) {
      return contact.delivery == delivery.key;
    });
  }
  Verdict verdict =
      Decide(candidate, settings_->restraint, now, /*at_send_time=*/true);
  if (verdict.reason == Reason::kCancelled) {
    verdict.detail = delivery.cancelled_by;
  }
  return verdict;
}

Status Courier::PutOff(const Verdict& verdict, Timestamp now,
                       Delivery* delivery, Told* told) {
  const bool hold = verdict.kind == Verdict::Kind::kHold;
  // Held again for the same: since when, is what is asked for.
  const bool still = hold && delivery->state == DeliveryState::kHeld &&
                     delivery->reason == verdict.reason;
  delivery->state = hold ? DeliveryState::kHeld : DeliveryState::kSuppressed;
  delivery->reason = verdict.reason;
  delivery->detail = verdict.detail;
  if (!still) delivery->changed_at = now;
  delivery->due_at = verdict.until;
  told->Add(*delivery, now);
  auto status = outbox_->Save(*delivery);
  if (!status.ok()) return status;
  return outbox_->ReleaseMailsOf(*delivery, now);
}

// Patience counts from when nothing else stood in the mail's way, and is not
// renewed by what becomes of the ticket meanwhile.
Result<bool> Courier::WaitForTicket(const std::vector<Delivery>& of_case,
                                    Timestamp now, Delivery* delivery,
                                    Told* told) {
  if (delivery->channel != "email") return false;
  const bool waits = delivery->reason == Reason::kWaitingForTicket;
  const Timestamp end = (waits ? delivery->changed_at : now) + kTicketPatience;
  if (now >= end || !AwaitsTicket(of_case, end)) return false;
  Status status;
  if (waits) {
    delivery->due_at = end;
    status = outbox_->Save(*delivery);
  } else {
    const Verdict verdict{
        Verdict::Kind::kHold, Reason::kWaitingForTicket, end, "", {}};
    status = PutOff(verdict, now, delivery, told);
  }
  if (!status.ok()) return status.error();
  return true;
}

Result<bool> Courier::Compose(Delivery* delivery, Timestamp now, Told* told) {
  auto of_case = outbox_->OfDetection(delivery->detection);
  if (!of_case.ok()) return of_case.error();
  const auto waits = WaitForTicket(of_case.value(), now, delivery, told);
  if (!waits.ok()) return waits.error();
  if (waits.value()) return false;
  auto decisions = ledger_->Decisions(delivery->detection);
  if (!decisions.ok()) return decisions.error();
  auto record = ledger_->FindDetection(delivery->detection);
  if (!record.ok()) return record.error();
  const CaseSoFar so_far{std::move(decisions).value(),
                         std::move(of_case).value()};
  if (!record.value()) {
    const Error lost{"its detection is not in the ledger"};
    if (auto status = Fail(lost, now, delivery, told); !status.ok()) {
      return status.error();
    }
    return false;
  }
  const auto profile = profiles_->Get(delivery->customer);
  if (!profile.ok()) return profile.error();
  auto message = BuildMessage(*delivery, *record.value(), *profile.value(),
                              so_far, *settings_, now);
  if (message.ok()) {
    delivery->message = ToJson(message.value());
    return true;
  }
  // A template can be mended, and is tried again once it is read anew.
  const Verdict verdict{Verdict::Kind::kHold,
                        Reason::kTemplateError,
                        {},
                        message.error().message,
                        {}};
  if (auto status = PutOff(verdict, now, delivery, told); !status.ok()) {
    return status.error();
  }
  return false;
}

// There is nothing that could be sent.
Status Courier::Fail(const Error& error, Timestamp now, Delivery* delivery,
                     Told* told) {
  delivery->state = DeliveryState::kFailed;
  delivery->reason = Reason::kTemplateError;
  delivery->detail = error.message;
  delivery->changed_at = now;
  delivery->due_at.reset();
  told->Add(*delivery, now);
  auto status = outbox_->Save(*delivery);
  if (!status.ok()) return status;
  return outbox_->ReleaseMailsOf(*delivery, now);
}

// Durable before the call. A look-up leaves the state as it is and is asked
// again by itself if the process ends meanwhile.
Status Courier::Begin(Outlet* outlet, What what, Delivery delivery,
                      Timestamp now, std::vector<Call>* calls, Told* told) {
  auto message = ParseMessage(delivery.message);
  if (!message.ok()) return Fail(message.error(), now, &delivery, told);
  Delivery before = delivery;
  ++delivery.attempts;
  delivery.owner = lease_->instance();
  delivery.changed_at = now;
  if (what == What::kDeliver) {
    delivery.state = DeliveryState::kSending;
    delivery.reason = Reason::kNone;
    delivery.detail.clear();
    delivery.due_at.reset();
    if (!delivery.first_attempt) delivery.first_attempt = now;
  } else {
    delivery.due_at = now + kSilence;  // Given up by then: never two at once.
  }
  Attempt attempt;
  attempt.delivery = delivery.key;
  attempt.number = delivery.attempts;
  attempt.what = what == What::kDeliver ? "deliver" : "find";
  attempt.started = now;
  if (auto status = outbox_->StartAttempt(attempt); !status.ok()) {
    return status;
  }
  if (auto status = outbox_->Save(delivery); !status.ok()) return status;
  calls->push_back({what, std::move(delivery), std::move(before),
                    std::move(message).value(), outlet->name(),
                    outlet->channel(), now});
  return {};
}

void Courier::Start(Call call) {
  const std::uint64_t id = next_call_++;
  outlets_.at(call.outlet).OnCallStarted();
  Call& kept = calls_.emplace(id, std::move(call)).first->second;
  kept.message.call_end = lease_->CallEnd();
  const auto done = [answers = answers_, id](Outcome outcome) {
    answers->Put(CallAnswer{id, std::move(outcome)});
  };
  if (kept.what == What::kDeliver) {
    kept.channel->Deliver(kept.message, done);
  } else {
    kept.channel->Find(kept.message, done);
  }
}

Result<std::optional<Timestamp>> Courier::NextDue(Timestamp now) {
  std::optional<Timestamp> next;
  const auto consider = [&next](std::optional<Timestamp> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  for (const auto& [id, call] : calls_) {
    consider(call.started + kSilence);
  }
  consider(left_.again_at());
  for (auto& [name, outlet] : outlets_) {
    consider(outlet.check_due());
    const auto slot = outlet.NextSlot(now, settings_->retry.max_concurrent);
    if (!slot) continue;
    const auto due = outbox_->NextDue(name, left_.left());
    if (!due.ok()) return due.error();
    if (due.value()) consider(std::max({*due.value(), *slot, busy_until_}));
  }
  return next;
}

}  // namespace premura
