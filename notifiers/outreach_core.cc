// SPDX-License-Identifier: Apache-2.0
#include "notifiers/outreach_core.h"

#include <algorithm>
#include <utility>

namespace premura {
namespace {

// The switch is to be seen within a second of being thrown.
constexpr Duration kPollSwitch = std::chrono::milliseconds(300);
constexpr Duration kCountAgain = std::chrono::seconds(1);
// These are not counted from an index alone, and hours matter for a person.
constexpr Duration kCountForPersonAgain = std::chrono::seconds(10);
constexpr Duration kForgetAgain = std::chrono::hours(1);
constexpr Duration kLedgerAgain = std::chrono::seconds(1);
constexpr int kForgetAtOnce = 500;
// What is written in one transaction: enough that its fsync does not count, few
// enough that sends and the switch do not wait for it.
constexpr std::size_t kWrittenAtOnce = 2000;

// However long it took to write what came: calls wait no longer.
constexpr Duration kLongestTurn = std::chrono::seconds(1);

std::size_t SizeOf(const ShardOutput& output) {
  return output.detections.size() + output.profiles.size() +
         output.cancellations.size();
}

}  // namespace

OutreachCore::OutreachCore(const OutreachOptions& options,
                           std::unique_ptr<Ledger> ledger,
                           const ProfileStore* profiles,
                           OutreachObserver* observer,
                           std::function<void()> wake)
    : options_(options),
      ledger_(std::move(ledger)),
      outbox_(ledger_->database()),
      lease_(ledger_->database(), options.instance, options.lease,
             options.boottime ? options.boottime : Boottime),
      profiles_(ledger_.get(), profiles),
      decider_(ledger_.get(), &outbox_, &profiles_, options.name),
      answers_(std::make_shared<Answers>(std::move(wake))),
      courier_(ledger_.get(), &outbox_, &lease_, &profiles_, observer,
               answers_),
      observer_(observer) {}

OutreachCore::~OutreachCore() { answers_->Close(); }

Result<std::unique_ptr<OutreachCore>> OutreachCore::Open(
    const OutreachOptions& options, std::unique_ptr<Ledger> ledger,
    std::shared_ptr<const OutreachSettings> settings, ProfileStore* profiles,
    OutreachObserver* observer, std::function<void()> wake, Timestamp now) {
  std::unique_ptr<OutreachCore> core(new OutreachCore(
      options, std::move(ledger), profiles, observer, std::move(wake)));
  auto status = core->CheckState(options);
  if (status.ok()) status = core->Start(std::move(settings), now);
  if (!status.ok()) return status.error().WithContext("ledger");
  return core;
}

Status OutreachCore::CheckState(const OutreachOptions& options) {
  const auto known = ledger_->KnowsStates();
  if (!known.ok()) return known.error();
  if (options.has_state && !known.value()) {
    return Error{
        "it is new, and what is in `state.dir` is not: who was contacted, who "
        "opted out and whether stop-all is on was in another one. Bring that "
        "back; or, to begin without it, move what is in `state.dir` away"};
  }
  return ledger_->AddState(options.instance);
}

Status OutreachCore::Start(std::shared_ptr<const OutreachSettings> settings,
                           Timestamp now) {
  auto status = courier_.RecoverOwn(settings->retry, now);
  if (status.ok()) status = decider_.Load();
  // It may have been lifted while nobody looked.
  if (status.ok()) stop_all_.on = true;
  if (status.ok()) status = PollSwitch(now);
  if (!status.ok()) return status;
  forget_at_ = now + kForgetAgain;
  Use(std::move(settings), now);
  return {};
}

Status OutreachCore::RestoreProfiles(ProfileStore* profiles) {
  auto status = ledger_->EachProfile(
      [profiles](std::string_view customer, SaidByEvents said) {
        profiles->Restore(customer, std::move(said));
      });
  return status.ok() ? status : status.error().WithContext("ledger");
}

void OutreachCore::Submit(ShardOutput output, std::function<void()> durable) {
  inbox_.push_back({std::move(output), std::move(durable)});
}

void OutreachCore::Use(std::shared_ptr<const OutreachSettings> settings,
                       Timestamp now) {
  settings_ = std::move(settings);
  lease_.Run(settings_->rules ? settings_->rules->fingerprint() : "");
  courier_.Use(settings_, now);
}

Timestamp OutreachCore::Pump(Timestamp now) {
  courier_.Check(now);
  // A clock put back must not make it wait.
  const bool pausing =
      now < ledger_again_at_ && ledger_again_at_ - now <= kLedgerAgain;
  if (pausing) return ledger_again_at_;
  if (auto status = Round(now); !status.ok()) {
    return OnLedgerFailure(status.error(), now);
  }
  auto next = NextRound(now);
  if (!next.ok()) return OnLedgerFailure(next.error(), now);
  if (!health_.ledger_ok) {
    health_.ledger_ok = true;
    health_.ledger_problem.clear();
    observer_->OnLedger(true, "");
  }
  return next.value();
}

// Nothing is lost: what could not be written is still where it was and is
// written when the ledger takes it again.
Timestamp OutreachCore::OnLedgerFailure(const Error& error, Timestamp now) {
  ledger_->Rollback();
  decider_.OnRolledBack();
  ledger_again_at_ = now + kLedgerAgain;
  if (health_.ledger_ok || health_.ledger_problem != error.message) {
    health_.ledger_ok = false;
    health_.ledger_problem = error.message;
    observer_->OnLedger(false, error.message);
  }
  return ledger_again_at_;
}

Status OutreachCore::Round(Timestamp now) {
  auto status = lease_.Keep();
  if (status.ok()) status = TakeOverFromGone(now);
  if (status.ok()) status = PollSwitch(now);
  if (status.ok()) status = TakeInbox(now);
  if (status.ok()) status = decider_.Tidy();
  if (status.ok()) status = courier_.TakeAnswers(now);
  if (status.ok()) status = courier_.Tidy(now);
  if (status.ok() && sending_) status = Send(now);
  if (status.ok()) status = ForgetOld(now);
  if (status.ok()) status = LookAtHealth(now);
  return status;
}

// What it was sending is in doubt; the rest is anybody's anyway.
Status OutreachCore::TakeOverFromGone(Timestamp now) {
  for (const std::string& gone : lease_.Gone()) {
    if (auto status = ledger_->Begin(); !status.ok()) return status;
    const auto taken = lease_.TakeOver(gone);
    if (!taken.ok()) return taken.error();
    Status status;
    if (taken.value()) status = courier_.Recover(gone, settings_->retry, now);
    if (status.ok()) status = ledger_->Commit();
    if (!status.ok()) return status;
  }
  return {};
}

// In a storm what came before in the round may have taken long: the switch is
// looked at again.
Status OutreachCore::Send(Timestamp now) {
  if (auto status = ReadSwitch(now); !status.ok()) return status;
  return courier_.Send(now, stop_all_.on);
}

Status OutreachCore::PollSwitch(Timestamp now) {
  if (now < poll_at_ && poll_at_ - now <= kPollSwitch) return {};
  return ReadSwitch(now);
}

Status OutreachCore::ReadSwitch(Timestamp now) {
  auto read = ledger_->ReadStopAll();
  if (!read.ok()) return read.error();
  if (stop_all_.on && !read.value().on) {
    // Asked again one by one: some may have expired meanwhile.
    auto status = outbox_.Release(Reason::kStopAll, "", now);
    if (!status.ok()) return status;
    courier_.LookAtLanes();
  }
  stop_all_ = std::move(read).value();
  health_.stop_all = stop_all_;
  poll_at_ = now + kPollSwitch;
  return {};
}

// In a storm of detections every round would write a full transaction between
// a few calls and the next few. So for as long as one took, calls have the
// rounds to themselves.
Status OutreachCore::TakeInbox(Timestamp now) {
  if (wrote_at_) inbox_again_at_ = now + (now - *wrote_at_);
  wrote_at_.reset();
  if (inbox_.empty() || InboxWaits(now)) return {};
  std::size_t count = 0;
  std::size_t size = 0;
  while (count < inbox_.size() && size < kWrittenAtOnce) {
    size += SizeOf(inbox_[count].output);
    ++count;
  }
  Told told;
  if (auto status = WriteInbox(count, now, &told); !status.ok()) return status;
  decider_.OnCommitted();
  told.Tell(observer_);
  for (; count > 0; --count) {
    const auto durable = std::move(inbox_.front().durable);
    inbox_.pop_front();
    if (durable) durable();
  }
  if (!inbox_.empty()) wrote_at_ = now;
  return {};
}

bool OutreachCore::InboxWaits(Timestamp now) const {
  return sending_ && courier_.running() > 0 && now < inbox_again_at_ &&
         inbox_again_at_ - now <= kLongestTurn;
}

// Decisions on one customer are taken one after the other, by whichever
// instance: each sees what the others have decided.
std::vector<std::string> OutreachCore::CustomersOf(std::size_t count) const {
  std::vector<std::string> customers;
  if (!ledger_->database()->shared()) return customers;
  for (std::size_t i = 0; i < count; ++i) {
    const ShardOutput& output = inbox_[i].output;
    for (const auto& one : output.detections) customers.push_back(one.customer);
    for (const auto& one : output.profiles) customers.push_back(one.customer);
    for (const auto& one : output.cancellations) {
      customers.push_back(one.customer);
    }
  }
  return customers;
}

Status OutreachCore::WriteInbox(std::size_t count, Timestamp now, Told* told) {
  if (auto status = ledger_->Begin(); !status.ok()) return status;
  if (auto status = ledger_->database()->Lock(CustomersOf(count));
      !status.ok()) {
    return status;
  }
  const Decider::Circumstances circumstances{settings_.get(), stop_all_.on,
                                             now};
  for (std::size_t i = 0; i < count; ++i) {
    auto status = decider_.Take(inbox_[i].output, circumstances, told);
    if (!status.ok()) return status;
  }
  return ledger_->Commit();
}

Status OutreachCore::ForgetOld(Timestamp now) {
  if (now < forget_at_) return {};
  if (auto status = ledger_->Begin(); !status.ok()) return status;
  const auto forgotten =
      ledger_->Forget(now - options_.retention, kForgetAtOnce);
  if (!forgotten.ok()) return forgotten.error();
  if (auto status = ledger_->Commit(); !status.ok()) return status;
  const bool more = forgotten.value() == kForgetAtOnce;
  forget_at_ = now + (more ? kCountAgain : kForgetAgain);
  return {};
}

Status OutreachCore::LookAtHealth(Timestamp now) {
  if (!options_.counts_deliveries) return {};
  if (now < count_at_ && count_at_ - now <= kCountAgain) return {};
  auto counts = outbox_.CountOpen();
  if (!counts.ok()) return counts.error();
  auto oldest = outbox_.OldestDue(now);
  if (!oldest.ok()) return oldest.error();
  if (now >= count_for_person_at_ ||
      count_for_person_at_ - now > kCountForPersonAgain) {
    auto for_person = outbox_.CountForPerson();
    if (!for_person.ok()) return for_person.error();
    health_.for_person = std::move(for_person).value();
    count_for_person_at_ = now + kCountForPersonAgain;
  }
  health_.deliveries = std::move(counts).value();
  health_.oldest_pending = oldest.value().value_or(Timestamp());
  count_at_ = now + kCountAgain;
  return {};
}

Result<Timestamp> OutreachCore::NextRound(Timestamp now) {
  const bool waits = InboxWaits(now);
  if (!inbox_.empty() && !waits) return now;
  Timestamp next = poll_at_;
  if (!inbox_.empty()) next = std::min(next, inbox_again_at_);
  if (!sending_) return next;
  auto due = courier_.NextDue(now);
  if (!due.ok()) return due.error();
  if (due.value()) next = std::min(next, *due.value());
  return next;
}

}  // namespace premura
