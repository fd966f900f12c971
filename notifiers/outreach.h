// SPDX-License-Identifier: Apache-2.0
// Outreach: from detections to contacts. Writes what happened to the ledger,
// decides, and delivers through the channels, retrying and holding as the
// state of the world asks for.
//
// Thread: has one of its own (an Asio io_context), which alone owns the
// ledger's connection and all decisions. Public calls are from any thread. A
// call to a channel never blocks it; no shard ever waits for it.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "notifiers/channel.h"
#include "notifiers/clock.h"
#include "notifiers/database.h"
#include "notifiers/gates.h"
#include "notifiers/lease.h"
#include "notifiers/ledger.h"
#include "notifiers/outbox.h"
#include "notifiers/rate_limiter.h"
#include "notifiers/templates.h"
#include "rules/result.h"
#include "rules/rule_set.h"
#include "signals/detection.h"
#include "signals/profile.h"

namespace premura {

struct RetryPolicy {
  Duration first = std::chrono::seconds(5);
  Duration most = std::chrono::minutes(15);
  Duration give_up_after = std::chrono::hours(24);
  int max_concurrent = 8;    // Calls, per channel.
  int breaker_failures = 5;  // In a row, per host.
  Duration breaker_pause = std::chrono::seconds(30);
  Duration quarantine = std::chrono::seconds(60);  // Of unknown, before asking.
};

// What a reload may replace, as a whole.
struct OutreachSettings {
  // The rules in force: what waits goes only while its rule is live in them.
  // nullptr: they never change.
  std::shared_ptr<const RuleSet> rules;
  // In a backtest, which is a simulation itself: rules in simulation decide as
  // live ones do.
  bool simulation_is_live = false;
  RestraintPolicy restraint;
  SenderFacts sender;
  std::shared_ptr<const TemplateSet> templates;
  // Desks by name and in the order of the configuration; "email", "sms".
  std::vector<std::pair<std::string, std::shared_ptr<Channel>>> desks;
  std::shared_ptr<Channel> email;
  std::shared_ptr<Channel> sms;
  RateLimit email_limit;
  RateLimit sms_limit;
  RetryPolicy retry;
};

// What on-call and the terminal are told. Called on the outreach thread; must
// not block.
class OutreachObserver {
 public:
  virtual ~OutreachObserver() = default;
  struct Decided {
    std::string customer, rule, detection, channel, template_name;
    int action = 0;  // Its place among the rule's.
    Verdict verdict;
    Timestamp at{};
    std::string why;  // "4 x page_viewed within 15m"
  };
  virtual void OnDecided(const Decided& decided) = 0;
  struct Delivered {
    std::string customer, rule, detection, channel, delivery;
    int action = 0;
    std::string state;  // DeliveryState's word
    Reason reason = Reason::kNone;
    std::string detail;
    int attempt = 0;
    Duration since_detection{};
  };
  virtual void OnDelivered(const Delivered& delivered) = 0;
  virtual void OnLedger(bool healthy, const std::string& problem) = 0;
  // A transaction is durable, and how long that took.
  virtual void OnTransaction(std::chrono::duration<double> /*took*/) {}
  virtual void OnChannel(const std::string& channel, bool usable,
                         const std::string& problem) = 0;
  // A reload has taken it away: nothing of it is to be told any more.
  virtual void OnChannelGone(const std::string& /*channel*/) {}
};

struct OutreachHealth {
  bool ledger_ok = true;
  std::string ledger_problem;
  StopAll stop_all;
  // By DeliveryState's word: those that are not sent, failed or suppressed.
  std::map<std::string, std::size_t> deliveries;
  // Of "held" and "unknown": those that a person must see to.
  std::map<std::string, WaitForPerson> for_person;
  // When the oldest one that should be on its way was due. Epoch: none.
  Timestamp oldest_pending{};
};

class Outreach {
 public:
  virtual ~Outreach() = default;

  // Writes `output` to the ledger with its decisions in one transaction, then
  // calls `durable` on the outreach thread. While the ledger cannot be written
  // it keeps trying; `durable` is not called before it succeeded. The same
  // output may come again after a crash and changes nothing then.
  virtual void Submit(ShardOutput output, std::function<void()> durable) = 0;

  // Puts what events have said of everybody, as the ledger has it, into
  // `profiles`; waits until that is done.
  virtual Status RestoreProfiles(ProfileStore* profiles) = 0;
  virtual void Use(std::shared_ptr<const OutreachSettings> settings) = 0;
  virtual OutreachHealth Health() const = 0;

  // Stops taking work, lets calls that run finish within `limit`, closes the
  // ledger. What has not finished is found as unknown at the next start.
  virtual void Stop(Duration limit) = 0;
};

struct OutreachOptions {
  DatabaseAddress ledger;
  std::string name = "premura";  // Of this installation, in keys.
  // Of this one among those that share the ledger: the same after a restart,
  // and no other's.
  std::string instance = "premura";
  // Its customers' state is not new: so must the ledger not be, which knows who
  // was contacted, who opted out, and whether stop-all is on.
  bool has_state = false;
  LeaseTerm lease;  // Of a ledger that is shared; of calls in any case.
  std::function<Duration()> boottime;  // Empty: the machine's.
  // How long finished detections are kept, with all that hangs on them.
  Duration retention = std::chrono::days(400);
  // Whether Health() counts deliveries, once a second: in a backtest seconds
  // are short, and nobody asks.
  bool counts_deliveries = true;
};

// Opens and migrates the ledger, restores what is pending. All must outlive it.
Result<std::unique_ptr<Outreach>> NewOutreach(
    const OutreachOptions& options,
    std::shared_ptr<const OutreachSettings> settings, ProfileStore* profiles,
    const Clock* clock, OutreachObserver* observer);

}  // namespace premura
