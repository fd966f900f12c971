// SPDX-License-Identifier: Apache-2.0
// OutreachWorld: an OutreachCore in a world of its own: rules written in the
// test, channels that play along, a clock that stands still until it is moved,
// a ledger in a folder that goes away. A test reads as a story.

#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "notifiers/outreach_core.h"
#include "rules/rule_set.h"
#include "tests/notifiers/support/ledger_place.h"

namespace premura {

// A channel that answers what the test says. What arrives is kept by key.
class FakeChannel final : public Channel {
 public:
  FakeChannel(std::string name, OnDoubt on_doubt)
      : name_(std::move(name)), on_doubt_(on_doubt) {}

  OnDoubt on_doubt() const override { return on_doubt_; }
  std::string host() const override { return "https://" + name_; }
  void Deliver(const Message& message, Done done) override;
  void Find(const Message& message, Done done) override;
  void Check(std::function<void(CheckResult)> done) override;

  // The next answers of Deliver(), in order; then `delivered`.
  //   delivered | retry | throttled | rejected | stop | server_error
  //   bad_address: decided here, the other side was not asked.
  //   lost_before: no answer; nothing arrived. lost_after: it arrived.
  //   unknown_before, unknown_after: the same, with an answer of kUnknown.
  void Next(std::vector<std::string> answers);
  // How often something arrived under this key, after the other side's own
  // deduplication (kRepeat).
  int Arrived(const std::string& key) const;
  int TotalArrived() const;

  std::vector<Message> deliveries;  // Each call of Deliver().
  std::vector<std::string> finds;   // Each call of Find(): keys.
  std::optional<Duration> retry_after;
  std::set<std::string> refused;  // Customers: always answered by `stop`.
  std::string check_problem;      // Empty: Check() passes.
  Reason check_reason = Reason::kMisconfigured;
  int checks = 0;
  bool find_fails = false;  // Find() answers kUnknown.
  bool is_ticket = false;   // Answers with a ticket.

 private:
  void Arrive(const std::string& key);
  Outcome Delivered(const std::string& key) const;

  std::string name_;
  OnDoubt on_doubt_;
  std::deque<std::string> next_;
  std::map<std::string, int> arrived_;
};

// Says everything in one line: "email billing-help for Marta".
class FakeTemplates final : public TemplateSet {
 public:
  bool Has(const std::string& name, const std::string&) const override {
    return name != missing;
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
  // The template named "broken" fails.
  Result<Rendered> Render(const std::string& name, const std::string& channel,
                          const RenderInput& input) const override;

  std::string missing{};  // There is none of that name.
};

class RecordingObserver final : public OutreachObserver {
 public:
  void OnDecided(const Decided& one) override { decided.push_back(one); }
  void OnDelivered(const Delivered& one) override { delivered.push_back(one); }
  void OnLedger(bool healthy, const std::string& problem) override {
    ledger.push_back(healthy ? "ok" : problem);
  }
  void OnChannel(const std::string& channel, bool usable,
                 const std::string& problem) override {
    channels.push_back(channel + (usable ? " ok" : ": " + problem));
  }
  void OnChannelGone(const std::string& channel) override {
    channels.push_back(channel + " gone");
  }

  std::vector<Decided> decided;
  std::vector<Delivered> delivered;
  std::vector<std::string> ledger;
  std::vector<std::string> channels;
};

class OutreachWorld {
 public:
  OutreachWorld();
  ~OutreachWorld();

  // YAML of `rules:`, each as written below the dash, and starts.
  void Start(const std::string& rules);
  void LoadRules(const std::string& rules);
  // Ends without a word and starts again, as after kill -9.
  void Restart();
  void Kill() { core.reset(); }
  void Open();
  void Know(const std::string& customer, const Profile::Values& values);
  // Puts the settings, changed by the test, to use.
  void Use();

  Detection Detect(const std::string& rule, const std::string& customer);
  // Detects and pumps; answers the detection's id.
  std::string Fire(const std::string& rule, const std::string& customer);
  void Submit(ShardOutput output);
  void Cancel(const std::string& rule, const std::string& customer);
  void Pump();
  // Moves the clock in one leap.
  void Pass(Duration duration);
  void SetStopAll(bool on);

  // "sent delivered", "held quiet_hours", "none" if there is no delivery.
  std::string State(const std::string& detection, const std::string& channel);
  Delivery Get(const std::string& detection, const std::string& channel);
  // "send", "suppress cooldown": as it was decided.
  std::string Decision(const std::string& detection,
                       const std::string& channel);
  std::int64_t Count(const std::string& table);
  std::unique_ptr<Ledger> Reader();

  // Writes what Know() was told to a ledger that others write to; Open() does.
  void Remember(Ledger* ledger);
  // Another instance on the ledger of `first`, which must outlive it.
  void Share(const OutreachWorld& first, const std::string& name);

  const DatabaseAddress& address() const {
    return elsewhere_ ? *elsewhere_ : place_.address();
  }

  Timestamp now = *ParseInstant("2026-03-10T10:00:00Z");
  ProfileStore profiles;
  RecordingObserver observer;
  std::shared_ptr<OutreachSettings> settings;
  std::shared_ptr<FakeChannel> desk, email, sms;
  std::shared_ptr<const RuleSet> rules;
  std::unique_ptr<OutreachCore> core;
  int durable = 0;
  // If set, Open() hands it the database it opened and uses what it answers.
  std::function<std::unique_ptr<Database>(std::unique_ptr<Database>)> wrap;
  Database* database = nullptr;  // The core's.
  LeaseTerm lease;
  Duration asleep{};  // Added to the boot time and not to `now`.

 private:
  LedgerPlace place_;
  std::optional<DatabaseAddress> elsewhere_;
  std::string instance_ = "first";
  std::map<std::string, SaidByEvents> known_;  // Not in the ledger yet.
  int detections_ = 0;
  bool woken_ = false;
};

}  // namespace premura
