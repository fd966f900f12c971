// SPDX-License-Identifier: Apache-2.0
// Streams of events for tests of the engine: written as lines, or made at
// random; and a rig that plays them to an engine.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "rules/rule_set.h"
#include "signals/engine.h"

namespace premura {

// One event, or (without a name) a move of the clock. Times are counted from
// 2026-01-01T00:00:00Z.
struct StreamEvent {
  std::string customer;
  std::string name;
  std::string id;
  Duration time{};
  Duration clock{};  // The watermark with this event.
  // Path, and a JSON number, `true`, `false`, `null`, or else a text as it is.
  std::vector<std::pair<std::string, std::string>> fields;

  const std::string* Field(std::string_view path) const;
};
using Stream = std::vector<StreamEvent>;

inline constexpr Timestamp kStart{std::chrono::seconds(1767225600)};

// One a line: `customer name time field=value .. #id`, or `clock time`. The
// clock is the newest time so far. The name `profile` stands for what is said
// of the customer's profile then.
Stream ParseStream(const std::string& text);

// Loads rules; a mistake in them fails the test.
std::shared_ptr<const RuleSet> Rules(const std::string& yaml,
                                     const RuleSet* previous = nullptr);
// The same, with `version` and `rules` written before.
std::shared_ptr<const RuleSet> RuleList(const std::string& yaml,
                                        const RuleSet* previous = nullptr);

// What a store has of an engine.
struct Records final : EngineRecords {
  void OnCustomer(std::string_view customer, std::string_view record) override;

  std::map<std::string, std::string> customers;
  std::string own;
  std::vector<std::string> told;  // By the last Save(): `ann`, or `ann gone`.
};

class Rig {
 public:
  explicit Rig(std::shared_ptr<const RuleSet> rules);
  ~Rig();

  void Play(const Stream& stream);
  void Play(const std::string& text) { Play(ParseStream(text)); }
  // As one batch.
  void PlayBatch(const Stream& stream);
  void Take(const StreamEvent& event);
  void Use(std::shared_ptr<const RuleSet> rules);
  void SetProfile(const std::string& customer, const std::string& path,
                  const std::string& json);

  // Writes down what has changed.
  void Save();
  // Goes on as a new engine with these rules does, once `prepare` is done, that
  // has taken up all that was written down.
  void Restart(std::shared_ptr<const RuleSet> rules,
               const std::function<void(Engine*)>& prepare = {});
  Records& records() { return records_; }
  // How far all rules are with all customers that have been written down.
  std::string Standings();

  // What was detected since the last call, in order:
  // `rule customer{group} @at: evidence ..`, evidence by id, else by time; and
  // `cancel rule customer @at`.
  std::vector<std::string> Told();
  // The same detections as ToJson() writes them.
  std::vector<std::string> Json();
  std::vector<Detection> Detections();

  Engine& engine() { return *engine_; }
  ProfileStore& profiles() { return profiles_; }

 private:
  class Sink;
  std::shared_ptr<const RuleSet> rules_;
  ProfileStore profiles_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<Engine> engine_;
  Records records_;
};

// What an engine that has taken the stream says, with all of the customer's
// events at hand.
CustomerStanding ExplainWith(std::shared_ptr<const RuleSet> rules,
                             const Stream& stream, const std::string& customer);

// All that it says, in words that are the same for the same rules.
std::string Describe(const CustomerStanding& standing);

// `rule customer{group} @at: evidence ..`
std::string Short(const Detection& detection);

// --- Random streams ---------------------------------------------------------

struct StreamShape {
  std::size_t events = 40;
  std::vector<std::string> customers = {"ann", "bob"};
  std::vector<std::string> names = {"a", "b", "c", "d"};
  // Absent in one of so many; 0: never there.
  std::vector<std::string> groups = {};
  int values = 3;        // `v` is 1..values.
  int longest_step = 6;  // Milliseconds between events; many are 0.
  double late = 0.15;    // Share of events that are late,
  int latest = 25;       // by at most so many milliseconds.
  Duration lateness{};   // The clock stays behind by this.
  double clock_moves = 0.05;
  double dates = 0;  // Share that tells a date `end` of the profile, near.
};

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  // 0..sides-1
  int Roll(int sides) {
    return static_cast<int>(random_() % static_cast<std::uint64_t>(sides));
  }
  bool Chance(double share) {
    return static_cast<double>(random_() % 1'000'000) < share * 1e6;
  }
  template <typename T>
  const T& Pick(const std::vector<T>& all) {
    return all[random_() % all.size()];
  }

 private:
  std::mt19937_64 random_;
};

Stream RandomStream(const StreamShape& shape, Dice* dice);
// For the message of a failed test.
std::string Describe(const Stream& stream);

// Calls `trial` with one seed after another: the same hundreds on any machine,
// and more until `seconds` have passed (PREMURA_SECONDS in the environment: so
// many); or, with PREMURA_SEED, with that one. Stops at the first failure and
// says which seed it was.
void ForSeeds(double seconds, const std::function<void(std::uint64_t)>& trial);

// What was to happen did, more than `than` times; one seed alone need not
// bring it.
void ExpectMore(std::size_t count, std::size_t than);

}  // namespace premura
