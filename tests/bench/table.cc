// SPDX-License-Identifier: Apache-2.0
// Prints one table: how fast events are decoded and rules run over them, on one
// core, how that falls with the number of rules, and how much memory customers
// take. Times are of the thread's processor, the best of some rounds.
//   table [--memory-customers N] [--timers N] [--rounds N] [--only PART]

#include <fmt/format.h>
#include <malloc.h>
#include <simdjson.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <iostream>
#include <random>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "rules/document.h"
#include "rules/rule_set.h"
#include "signals/engine.h"
#include "signals/event_decoder.h"
#include "signals/timer_queue.h"
#include "tests/bench/event_generator.h"

namespace premura {
namespace {

struct Settings {
  std::uint32_t memory_customers = 1'000'000;
  std::size_t timers = 10'000'000;
  int rounds = 5;
  std::string only;  // A part's name; empty: all.
};

constexpr std::uint32_t kCustomers = 20'000;
constexpr std::size_t kEvents = 500'000;
constexpr std::size_t kBatch = 512;  // As shards take them.
constexpr int kServices = 50;

double ProcessorSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         static_cast<double>(now.tv_nsec) * 1e-9;
}

double SecondsOf(const std::function<void()>& work) {
  const double begin = ProcessorSeconds();
  work();
  return ProcessorSeconds() - begin;
}

double BestOf(int rounds, const std::function<void()>& work) {
  double best = SecondsOf(work);
  for (int i = 1; i < rounds; ++i) best = std::min(best, SecondsOf(work));
  return best;
}

std::size_t HeapBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

std::size_t ResidentBytes() {
  malloc_trim(0);
  std::ifstream file("/proc/self/statm");
  std::size_t size = 0;
  std::size_t resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

void Print(std::string_view what, const std::string& figure) {
  fmt::print("| {:<58} | {:>24} |\n", what, figure);
  std::fflush(stdout);
}

std::string PerSecond(double events, double seconds) {
  return fmt::format("{:.2f} M events/s", events / seconds / 1e6);
}

// --- Rules -------------------------------------------------------------------

std::shared_ptr<const RuleSet> Load(const std::string& yaml) {
  LoadedRules loaded = LoadRules({{"bench.yaml", yaml}}, {});
  if (!loaded.rules) {
    std::cerr << RenderText(loaded.diagnostics);
    std::exit(1);
  }
  return loaded.rules;
}

std::vector<std::string> TwentyRules() {
  std::ifstream file(std::string(PREMURA_BENCH_DIR) + "/rules20.yaml");
  std::vector<std::string> rules;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("  - {id:")) rules.push_back(line);
  }
  if (rules.size() != 20) {
    std::cerr << "rules20.yaml does not hold 20 rules\n";
    std::exit(1);
  }
  return rules;
}

// The rule for one of many services: its events have to be of that service.
std::string ForService(const std::string& rule, std::size_t service) {
  static const std::regex kId(R"(id: (\w+))");
  static const std::regex kName(
      R"((not|after|without|turned_on|turned_off): (\w+))");
  static const std::regex kWhere(R"(event: (\w+), where: \{)");
  static const std::regex kPlain(R"(event: (\w+)(?!\w|, where))");
  std::string text =
      std::regex_replace(rule, kId, fmt::format("id: $1-{}", service));
  text = std::regex_replace(text, kName, "$1: {event: $2}");
  // What has conditions gets one more.
  text = std::regex_replace(
      text, kWhere,
      fmt::format("event: $1, where: {{service: s-{}, ", service));
  return std::regex_replace(
      text, kPlain,
      fmt::format("event: $1, where: {{service: s-{}}}", service));
}

// The twenty as they are, or 20 for each of n / 20 services.
std::shared_ptr<const RuleSet> RulesOf(std::size_t count) {
  const std::vector<std::string> twenty = TwentyRules();
  std::string yaml = "version: 1\nrules:\n";
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& rule = twenty[i % twenty.size()];
    yaml += (count <= 20 ? rule : ForService(rule, i / 20)) + "\n";
  }
  return Load(yaml);
}

// --- Engine ------------------------------------------------------------------

class NoDetections final : public DetectionSink {
 public:
  void OnDetection(Detection) override {}
  void OnCancellation(Cancellation) override {}
};

// Decodes, and hands batches on as an intake would: nothing is late.
class Feed final : public DecodeSink {
 public:
  Feed(const RuleSet& rules, std::function<void(EventBatch*)> take)
      : take_(std::move(take)),
        decoder_(NewEventDecoder({.preset = Preset::kSegment}).value()) {
    decoder_->Use(&rules.symbols());
  }
  void Record(const std::string& text) {
    decoder_->Decode({.value = text, .time_shift = shift_}, this);
  }
  // What comes from now on is later than all before it, by its span.
  void Later() { shift_ = clock_ - first_ + Duration(1); }
  void Flush() {
    if (!batch_.empty()) take_(&batch_);
    batch_.Clear();
  }

 private:
  void OnEvent(const Event& event) override {
    Event copy = event;
    if (first_ == Timestamp{}) first_ = event.time;
    clock_ = std::max(clock_, event.time);
    copy.clock = clock_;
    batch_.Add(copy);
    if (batch_.size() == kBatch) Flush();
  }
  void OnProfile(ProfileChange, Timestamp) override {}
  void OnRefused(Refusal, std::string_view detail) override {
    std::cerr << detail << "\n";
    std::exit(1);
  }

  const std::function<void(EventBatch*)> take_;
  const std::unique_ptr<EventDecoder> decoder_;
  EventBatch batch_;
  Timestamp clock_{};
  Timestamp first_{};
  Duration shift_{};
};

// An engine and what it needs.
struct World {
  explicit World(std::shared_ptr<const RuleSet> its)
      : rules(std::move(its)), engine(NewEngine(rules, &profiles, &sink)) {}

  std::shared_ptr<const RuleSet> rules;
  ProfileStore profiles;
  NoDetections sink;
  std::unique_ptr<Engine> engine;
};

using Records = std::vector<std::string>;

Records MakeRecords(std::uint32_t services) {
  Records records;
  bench::EventGenerator generator(kCustomers, 1, services);
  for (std::size_t i = 0; i < kEvents; ++i) records.push_back(generator.Next());
  return records;
}

double DecodeSeconds(const RuleSet& rules, const Records& records, int rounds) {
  Feed feed(rules, [](EventBatch*) {});
  return BestOf(rounds, [&] {
    for (const std::string& record : records) feed.Record(record);
  });
}

double ParseSeconds(const Records& records, int rounds) {
  simdjson::dom::parser parser;
  std::size_t objects = 0;
  const double seconds = BestOf(rounds, [&] {
    for (const std::string& record : records) {
      objects += parser.parse(record).is_object() ? 1 : 0;
    }
  });
  if (objects == 0) std::exit(1);
  return seconds;
}

// The seconds that an engine takes for all events, in batches, `shift` later
// than they are.
double EngineRound(const EventBatch& all, Duration shift, Engine* engine) {
  double seconds = 0;
  EventBatch batch;
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    Event event = all.event(i);
    event.time += shift;
    event.clock += shift;
    batch.Add(event);
    if (batch.size() < kBatch && i + 1 < all.size()) continue;
    seconds += SecondsOf([&] { engine->Take(batch); });
    batch.Clear();
  }
  return seconds;
}

// Each round comes later than the one before: windows are full, timers run.
double EngineSeconds(std::shared_ptr<const RuleSet> rules,
                     const Records& records, int rounds) {
  World world(std::move(rules));
  EventBatch all;
  Feed feed(*world.rules, [&all](EventBatch* batch) {
    for (std::uint32_t i = 0; i < batch->size(); ++i) {
      all.Add(batch->event(i));
    }
  });
  for (const std::string& record : records) feed.Record(record);
  feed.Flush();
  const Duration span =
      all.event(static_cast<std::uint32_t>(all.size() - 1)).clock -
      all.event(0).clock + Duration(1);
  double best = EngineRound(all, {}, world.engine.get());
  for (int round = 1; round <= rounds; ++round) {
    const double seconds = EngineRound(all, round * span, world.engine.get());
    best = round == 1 ? seconds : std::min(best, seconds);
  }
  return best;
}

// From an engine that knows nobody yet.
double FirstSeconds(const std::shared_ptr<const RuleSet>& rules,
                    const Records& records, int rounds) {
  double best = 0;
  for (int round = 0; round < rounds; ++round) {
    World world(rules);
    Feed feed(*rules,
              [&world](EventBatch* batch) { world.engine->Take(*batch); });
    const double seconds = SecondsOf([&] {
      for (const std::string& record : records) feed.Record(record);
      feed.Flush();
    });
    best = round == 0 ? seconds : std::min(best, seconds);
  }
  return best;
}

// Each round comes later than the one before: windows are full, timers run.
double BothSeconds(const std::shared_ptr<const RuleSet>& rules,
                   const Records& records, int rounds) {
  World world(rules);
  Feed feed(*rules,
            [&world](EventBatch* batch) { world.engine->Take(*batch); });
  const auto round = [&] {
    for (const std::string& record : records) feed.Record(record);
    feed.Flush();
    feed.Later();
  };
  round();
  return BestOf(rounds, round);
}

void Decode(const Settings& settings) {
  const Records records = MakeRecords(0);
  Print("simdjson alone",
        PerSecond(kEvents, ParseSeconds(records, settings.rounds)));
  Print("decode", PerSecond(kEvents, DecodeSeconds(*RulesOf(20), records,
                                                   settings.rounds)));
}

void Rules(const Settings& settings) {
  const Records records = MakeRecords(0);
  Print(
      "engine, 20 rules",
      PerSecond(kEvents, EngineSeconds(RulesOf(20), records, settings.rounds)));
}

void Both(const Settings& settings) {
  const Records records = MakeRecords(0);
  const auto rules = RulesOf(20);
  Print("decode and engine, 20 rules",
        PerSecond(kEvents, BothSeconds(rules, records, settings.rounds)));
  Print("  of customers who are new to the engine",
        PerSecond(kEvents, FirstSeconds(rules, records, settings.rounds)));
}

void ByRules(const Settings& settings) {
  const Records records = MakeRecords(kServices);
  const double twenty = EngineSeconds(RulesOf(20), records, settings.rounds);
  for (const std::size_t count : {1U, 20U, 100U, 1000U}) {
    const double seconds =
        count == 20 ? twenty
                    : EngineSeconds(RulesOf(count), records, settings.rounds);
    Print(fmt::format("engine, {} services, {} rules", kServices, count),
          fmt::format("{:.2f} M events/s ({:.2f}x)", kEvents / seconds / 1e6,
                      seconds / twenty));
  }
}

// --- Memory ------------------------------------------------------------------

// Every customer is active once in a day, for some events a minute apart;
// sessions begin all over the day. At its end most have been idle for hours.
void PlayDay(std::uint32_t customers, int events, Feed* feed) {
  constexpr std::int64_t kMinutes = 24 * 60;
  constexpr std::int64_t kMinute = 60'000;
  bench::EventGenerator generator(customers);
  const auto first = [&](std::int64_t minute) {
    return static_cast<std::uint32_t>(
        customers * std::clamp<std::int64_t>(minute, 0, kMinutes) / kMinutes);
  };
  for (std::int64_t minute = 0; minute < kMinutes + events; ++minute) {
    for (int i = 0; i < events; ++i) {
      const std::uint32_t end = first(minute - i + 1);
      for (std::uint32_t at = first(minute - i); at < end; ++at) {
        feed->Record(generator.Next(at, minute * kMinute));
      }
    }
  }
  feed->Flush();
}

void Day(const Settings& settings) {
  const std::uint32_t customers = settings.memory_customers;
  const std::size_t before = ResidentBytes();
  World world(RulesOf(20));
  Feed feed(*world.rules,
            [&world](EventBatch* batch) { world.engine->Take(*batch); });
  PlayDay(customers, 8, &feed);
  const std::size_t bytes = ResidentBytes() - before;
  Print(fmt::format("{} customers x 20 rules, 8 events in a day", customers),
        fmt::format("{} MB", bytes / 1'000'000));
  Print("  of them in memory",
        fmt::format("{}", world.engine->Stats().customers));
  world.engine->Advance(world.engine->Stats().clock + std::chrono::hours(48));
  Print("  two idle days later: customers in memory, put away",
        fmt::format("{}, {}", world.engine->Stats().customers,
                    world.engine->Stats().idle));
  Print("  two idle days later: resident",
        fmt::format("{} MB", (ResidentBytes() - before) / 1'000'000));
}

// Bytes per customer once each has had `events` within a quarter of an hour.
std::size_t BytesPerCustomer(const std::string& yaml, std::uint32_t customers,
                             int events) {
  const auto rules = Load("version: 1\nrules:\n" + yaml);
  const std::size_t before = HeapBytes();
  World world(rules);
  Feed feed(*rules,
            [&world](EventBatch* batch) { world.engine->Take(*batch); });
  bench::EventGenerator generator(customers);
  for (int i = 0; i < events; ++i) {
    for (std::uint32_t at = 0; at < customers; ++at) {
      feed.Record(generator.Next(at, i * 60'000, "page_viewed"));
    }
  }
  feed.Flush();
  return (HeapBytes() - before) / customers;
}

// Bytes per customer with a renewal ahead; what the profile takes is in it.
std::size_t BytesPerDate(const std::string& yaml, std::uint32_t customers) {
  const auto rules = Load("version: 1\nrules:\n" + yaml);
  const std::size_t before = HeapBytes();
  World world(rules);
  const Timestamp begin = std::chrono::sys_days(std::chrono::days(20'454));
  world.engine->Advance(begin);
  for (std::uint32_t at = 0; at < customers; ++at) {
    ProfileChange change;
    change.customer = fmt::format("acme-{}", at);
    change.time = begin;
    change.entries.push_back({"renewal", R"("2026-06-01")"});
    world.engine->Take(change);
  }
  return (HeapBytes() - before) / customers;
}

void DeadlineKind(std::uint32_t customers) {
  constexpr const char* kRule =
      "  - {{id: a, title: A, detect: {{{}: {{{}}}}}}}\n";
  const std::size_t dated = BytesPerDate(
      fmt::format(kRule, "deadline", "field: renewal, before: 1d"), customers);
  const std::size_t plain = BytesPerDate(
      fmt::format(kRule, "event_count", "event: login, gte: 9, within: 15m"),
      customers);
  Print("a customer with a date ahead, one deadline rule",
        fmt::format("{} bytes", dated - plain));
}

void ByKind() {
  constexpr std::uint32_t kMany = 50'000;
  constexpr int kFew = 4;
  const std::pair<const char*, const char*> kinds[] = {
      {"event_count", "event: page_viewed, gte: 9, within: 15m"},
      {"value_count", "event: page_viewed, field: page, gte: 9, within: 15m"},
      {"flapping", "event: page_viewed, field: enabled, gte: 9, within: 15m"},
      {"change", "event: page_viewed, field: page, to: /none"},
      {"new_term", "event: page_viewed, field: page, learn: 7d"},
      {"sequence", "within: 15m, steps: [page_viewed, login]"},
      {"temporal", "within: 15m, all: [page_viewed, login]"},
      {"absence", "after: page_viewed, without: login, for: 2h"},
      {"silence", "event: page_viewed, for: 2h"},
      {"ratio",
       "of: {where: {code: 500}}, over: page_viewed, gt: 0.99, "
       "within: 15m, min_denominator: 9"},
      {"aggregate",
       "event: page_viewed, field: amount, fn: sum, gt: 99999, within: 15m"},
      {"spike",
       "event: page_viewed, within: 15m, reference: 1d, direction: up, "
       "factor: 3, min_current: 9"},
      {"score",
       "signals: [{event: page_viewed, weight: 1}], half_life: 1h, gte: 99, "
       "reset_below: 1"},
  };
  for (const auto& [kind, spec] : kinds) {
    const std::string rule = fmt::format(
        "  - {{id: a, title: A, detect: {{{}: {{{}}}}}}}\n", kind, spec);
    Print(fmt::format("a customer with {} events, one {} rule", kFew, kind),
          fmt::format("{} bytes", BytesPerCustomer(rule, kMany, kFew)));
  }
  DeadlineKind(kMany);
  std::string twenty;
  for (int i = 0; i < 20; ++i) {
    twenty += fmt::format(
        "  - {{id: r{:02}, title: A, detect: {{event_count: {{event: "
        "page_viewed, gte: {}, within: 1h}}}}}}\n",
        i, i + 5);
  }
  Print("a customer with 1 event, 20 event_count rules that saw it",
        fmt::format("{} bytes", BytesPerCustomer(twenty, kMany, 1)));
}

// --- Written down ------------------------------------------------------------

// What a store does is not in it.
class Written final : public EngineRecords {
 public:
  void OnCustomer(std::string_view customer, std::string_view record) override {
    records.emplace_back(customer, record);
    bytes += record.size();
  }

  std::vector<std::pair<std::string, std::string>> records;
  std::size_t bytes = 0;
};

// Customers with eight events each within eight minutes.
void WrittenDown() {
  constexpr std::uint32_t kMany = 100'000;
  const auto rules = RulesOf(20);
  World world(rules);
  Feed feed(*rules,
            [&world](EventBatch* batch) { world.engine->Take(*batch); });
  bench::EventGenerator generator(kMany);
  for (int i = 0; i < 8; ++i) {
    for (std::uint32_t at = 0; at < kMany; ++at) {
      feed.Record(generator.Next(at, i * 60'000));
    }
  }
  feed.Flush();
  Written written;
  const double save = SecondsOf([&] { world.engine->Save(&written); });
  const auto customers = static_cast<double>(written.records.size());
  World next(rules);
  const double load = SecondsOf([&] {
    for (const auto& [customer, record] : written.records) {
      if (!next.engine->Load(customer, record).ok()) std::exit(1);
    }
  });
  Print("a customer with 8 events, 20 rules: written down",
        fmt::format("{:.0f} ns, {:.0f} bytes", save * 1e9 / customers,
                    static_cast<double>(written.bytes) / customers));
  Print("  and taken up", fmt::format("{:.0f} ns", load * 1e9 / customers));
}

// --- Timers ------------------------------------------------------------------

double NanosecondsPerTimer(std::size_t count) {
  std::vector<Customer> customers(1000);
  for (std::size_t i = 0; i < customers.size(); ++i) {
    customers[i].name = fmt::format("c{}", i);
  }
  std::mt19937_64 random(1);
  TimerQueue queue;
  queue.Rebuild({0}, {});
  const auto entry = [&](Timestamp now) {
    const std::uint64_t dice = random();
    return TimerQueue::Entry{now + Duration(dice % 14'400'000),
                             &customers[(dice >> 32) % customers.size()], 0};
  };
  for (std::size_t i = 0; i < count; ++i) queue.Push(entry(Timestamp{}));
  constexpr int kRounds = 1'000'000;
  return SecondsOf([&] {
           for (int i = 0; i < kRounds; ++i) {
             const Timestamp now = queue.top().due;
             queue.Pop();
             queue.Push(entry(now));
           }
         }) *
         1e9 / kRounds;
}

void Timers(const Settings& settings) {
  for (const std::size_t count : {std::size_t{10'000}, settings.timers}) {
    Print(fmt::format("a timer goes off and another is set, of {}", count),
          fmt::format("{:.0f} ns", NanosecondsPerTimer(count)));
  }
}

void PrintAll(const Settings& settings) {
  const std::pair<const char*, std::function<void()>> parts[] = {
      {"decode", [&] { Decode(settings); }},
      {"engine", [&] { Rules(settings); }},
      {"both", [&] { Both(settings); }},
      {"rules", [&] { ByRules(settings); }},
      {"timers", [&] { Timers(settings); }},
      {"kinds", [] { ByKind(); }},
      {"records", [] { WrittenDown(); }},
      {"day", [&] { Day(settings); }},
  };
  for (const auto& [name, print] : parts) {
    if (settings.only.empty() || settings.only == name) print();
  }
}

}  // namespace
}  // namespace premura

int main(int argc, char** argv) {
  premura::Settings settings;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const long value = std::atol(argv[i + 1]);
    if (name == "--memory-customers") {
      settings.memory_customers = static_cast<std::uint32_t>(value);
    } else if (name == "--timers") {
      settings.timers = static_cast<std::size_t>(value);
    } else if (name == "--rounds") {
      settings.rounds = static_cast<int>(value);
    } else if (name == "--only") {
      settings.only = argv[i + 1];
    } else {
      std::cerr << "no such option: " << name << "\n";
      return 2;
    }
  }
  premura::PrintAll(settings);
  return 0;
}
