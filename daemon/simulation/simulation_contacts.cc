// SPDX-License-Identifier: Apache-2.0
// A simulation with gates: the outreach of the daemon on a ledger in memory,
// with channels that deliver at once.

#include <algorithm>
#include <set>
#include <utility>

#include "daemon/simulation/recorded_stalls.h"
#include "daemon/simulation/simulation_parts.h"
#include "notifiers/ledger.h"
#include "notifiers/outbox.h"
#include "notifiers/outreach_core.h"
#include "signals/engine.h"

namespace premura {
namespace {

// Whoever asks why means all of the past that was played.
constexpr Duration kForEver = std::chrono::days(400'000);

class DeliversAtOnce final : public Channel {
 public:
  OnDoubt on_doubt() const override { return OnDoubt::kRepeat; }
  std::string host() const override { return "simulation"; }
  void Deliver(const Message& message, Done done) override {
    Outcome outcome;
    outcome.verdict = Outcome::Verdict::kDelivered;
    outcome.reason = Reason::kDelivered;
    outcome.provider_id = message.key;
    done(std::move(outcome));
  }
  void Check(std::function<void(CheckResult)> done) override { done({}); }
};

// Nobody reads what is sent here: that templates fit is checked elsewhere.
class NoWords final : public TemplateSet {
 public:
  bool Has(const std::string&, const std::string&) const override {
    return true;
  }
  std::vector<std::string> Names() const override { return {}; }
  std::vector<std::string> Locales(const std::string&,
                                   const std::string&) const override {
    return {};
  }
  std::vector<std::string> EventProperties() const override { return {}; }
  std::vector<std::string> Facts(const std::string&,
                                 const std::string&) const override {
    return {};
  }
  Diagnostics Check(const std::string&, const std::string&, const SenderFacts&,
                    const SourcePosition&) const override {
    return {};
  }
  Result<Rendered> Render(const std::string& name, const std::string&,
                          const RenderInput& input) const override {
    return Rendered{input.locale, name, name, ""};
  }
};

std::shared_ptr<const OutreachSettings> SettingsOf(const SimulatedGates& gates,
                                                   const RuleSet& rules) {
  auto settings = std::make_shared<OutreachSettings>();
  settings->restraint = gates.restraint;
  settings->simulation_is_live = gates.simulation_is_live;
  settings->templates = std::make_shared<NoWords>();
  std::set<std::string> named;
  for (const Rule& rule : rules.rules()) {
    for (const Action& action : rule.actions) {
      if (!action.desk.empty()) named.insert(action.desk);
    }
  }
  std::vector<std::string> desks(named.begin(), named.end());
  if (desks.empty()) desks.push_back("desk");
  if (gates.desks) desks = *gates.desks;
  for (const std::string& desk : desks) {
    settings->desks.emplace_back(desk, std::make_shared<DeliversAtOnce>());
  }
  if (gates.email) settings->email = std::make_shared<DeliversAtOnce>();
  if (gates.sms) settings->sms = std::make_shared<DeliversAtOnce>();
  return settings;
}

class Contacts final : public Simulation,
                       public DetectionSink,
                       public OutreachObserver {
 public:
  explicit Contacts(SimulationOptions options)
      : options_(std::move(options)),
        engine_(
            NewEngine(options_.rules, options_.profiles, this, options_.owns)),
        stalls_(options_.self_preservation, engine_.get(),
                [this](Timestamp clock) { return AdvanceTo(clock); }) {}

  Status Start() {
    auto database = OpenDatabaseInMemory();
    if (!database.ok()) return database.error();
    auto ledger =
        Ledger::Open(std::move(database).value(), Ledger::Access::kWrite);
    if (!ledger.ok()) return ledger.error();
    OutreachOptions outreach;
    outreach.name = "simulation";
    outreach.retention = kForEver;
    outreach.counts_deliveries = false;
    auto core = OutreachCore::Open(
        outreach, std::move(ledger).value(),
        SettingsOf(*options_.gates, *options_.rules), options_.profiles, this,
        [] {}, Timestamp{});
    if (!core.ok()) return core.error();
    core_ = std::move(core).value();
    return {};
  }

  Status Pass(const Event& event) override {
    if (auto status = stalls_.Before(event.clock); !status.ok()) return status;
    if (auto status = MoveTo(Wall(event.clock, event.time)); !status.ok()) {
      return status;
    }
    stalls_.Heard(event);
    engine_->Advance(event.clock);
    return {};
  }
  Status Take(const Event& event) override {
    if (auto status = Pass(event); !status.ok()) return status;
    engine_->Take(event);
    return HandOn();
  }
  Status Take(const ProfileChange& change) override {
    engine_->Take(change);
    output_.profiles.push_back(change);
    return HandOn();
  }
  Status Advance(Timestamp clock) override {
    if (auto status = stalls_.Before(clock); !status.ok()) return status;
    return AdvanceTo(clock);
  }

  Timestamp now() const override { return now_; }
  const Engine& engine() const override { return *engine_; }
  Ledger* ledger() override { return core_->ledger(); }

  void OnDetection(Detection detection) override {
    options_.on_detection(detection);
    output_.detections.push_back(std::move(detection));
  }
  void OnCancellation(Cancellation cancellation) override {
    output_.Add(std::move(cancellation));
  }
  void OnLeftOut(const Rule& rule, std::string_view customer,
                 Timestamp at) override {
    if (options_.on_left_out) {
      options_.on_left_out({rule.id, std::string(customer), at});
    }
  }

  void OnDecided(const Decided& decided) override {
    const Verdict& verdict = decided.verdict;
    if (verdict.kind == Verdict::Kind::kSend) return;  // OnDelivered() follows.
    SimulatedContact contact = ContactOf(decided);
    contact.what = verdict.kind == Verdict::Kind::kHold
                       ? SimulatedContact::What::kHeld
                       : SimulatedContact::What::kNotSent;
    contact.reason = verdict.reason;
    contact.detail = verdict.detail;
    contact.until = verdict.until;
    options_.on_contact(contact);
  }

  void OnDelivered(const Delivered& delivered) override {
    SimulatedContact contact = ContactOf(delivered);
    contact.reason = delivered.reason;
    contact.detail = delivered.detail;
    if (delivered.state == ToString(DeliveryState::kSent)) {
      contact.what = SimulatedContact::What::kSent;
      contact.reason = Reason::kNone;
      contact.detail.clear();
    } else if (delivered.state == ToString(DeliveryState::kHeld)) {
      if (delivered.reason == Reason::kWaitingForTicket) return;
      contact.what = SimulatedContact::What::kHeld;
    } else {
      contact.what = SimulatedContact::What::kNotSent;
    }
    options_.on_contact(contact);
  }

  void OnLedger(bool healthy, const std::string& problem) override {
    if (!healthy) problem_ = problem;
  }
  void OnChannel(const std::string&, bool, const std::string&) override {}

 private:
  Status AdvanceTo(Timestamp clock) {
    if (auto status = MoveTo(Wall(clock, clock)); !status.ok()) return status;
    engine_->Advance(clock);
    return HandOn();
  }

  // An instant of the wall clock at which the watermark is `clock`.
  Timestamp Wall(Timestamp clock, Timestamp newest) const {
    if (clock < Timestamp{}) return newest;
    return std::max(newest, clock + options_.lateness);
  }

  template <typename Told>
  SimulatedContact ContactOf(const Told& told) const {
    SimulatedContact contact;
    contact.at = now_;
    contact.rule = told.rule;
    contact.customer = told.customer;
    contact.detection = told.detection;
    contact.action = told.action;
    contact.channel = told.channel.substr(0, told.channel.find(':'));
    return contact;
  }

  // Timers, and what waits to be sent, each at its own instant.
  Status MoveTo(Timestamp wall) {
    while (true) {
      const EngineStats stats = engine_->Stats();
      const Timestamp timer = stats.timers == 0
                                  ? Timestamp::max()
                                  : stats.oldest_timer + options_.lateness;
      const Timestamp next = std::min(timer, next_pump_);
      if (next >= wall) break;
      now_ = std::max(now_, next);
      if (timer <= next_pump_) engine_->Advance(stats.oldest_timer);
      if (auto status = HandOn(); !status.ok()) return status;
    }
    now_ = std::max(now_, wall);
    return {};
  }

  // What the engine has said is decided, and what is due is sent.
  Status HandOn() {
    if (!output_.empty()) {
      core_->Submit(std::exchange(output_, {}), [] {});
    } else if (next_pump_ > now_) {
      return {};
    }
    do {
      core_->Pump(now_);
      if (!problem_.empty()) return Error{problem_};
      const auto next = core_->NextSend(now_);
      if (!next.ok()) return next.error();
      next_pump_ = next.value().value_or(Timestamp::max());
    } while (next_pump_ <= now_ || !core_->idle());
    return {};
  }

  const SimulationOptions options_;
  ShardOutput output_;
  std::unique_ptr<Engine> engine_;
  RecordedStalls stalls_;
  std::unique_ptr<OutreachCore> core_;
  Timestamp now_{};
  Timestamp next_pump_{};
  std::string problem_;
};

}  // namespace

Result<std::unique_ptr<Simulation>> NewSimulationOfContacts(
    SimulationOptions options) {
  auto simulation = std::make_unique<Contacts>(std::move(options));
  if (auto status = simulation->Start(); !status.ok()) return status.error();
  return std::unique_ptr<Simulation>(std::move(simulation));
}

}  // namespace premura
