// SPDX-License-Identifier: Apache-2.0
// Prints how long a pipeline over RocksDB takes to write everything down, to
// write down what five seconds change, and to take it all up again; and how
// many events a second it takes with checkpoints and without. Wall time; on a
// busy machine the processor time says more.
//   restart [--customers N] [--events N] [--shards N]

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>

#include "rules/rule_set.h"
#include "signals/checkpoint_store.h"
#include "signals/pipeline.h"
#include "tests/bench/event_generator.h"

namespace premura {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct Settings {
  std::uint32_t customers = 1'000'000;
  std::size_t events = 10'000'000;
  int shards = 2;
};

double SecondsSince(SteadyClock::time_point begin) {
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

// Makes its events as they are asked for: each of the customers in turn, then
// at random among a few.
class GeneratedSource final : public Source {
 public:
  GeneratedSource(std::uint32_t customers, std::size_t in_turn,
                  std::size_t events, std::atomic<std::size_t>* read)
      : customers_(customers),
        in_turn_(in_turn),
        events_(events),
        read_(read),
        generator_(customers) {}

  std::string Origin(std::uint32_t) const override { return "generated/0"; }
  void Resume(const std::vector<PartitionPlace>& places) override {
    resumed_ = !places.empty();
    if (resumed_) next_ = static_cast<std::size_t>(places[0].position);
  }
  Result<Polled> Poll(RecordSink* sink, std::size_t max, Duration) override {
    if (!std::exchange(assigned_, true)) {
      sink->OnAssigned(0, {.resumed = resumed_});
    }
    Polled polled;
    for (; polled.records < max && next_ < events_; ++polled.records) {
      Record record;
      record.value = Next();
      record.position = static_cast<std::int64_t>(next_++);
      sink->OnRecord(record);
    }
    *read_ = next_;
    if (polled.records == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return polled;
  }
  void Commit(const Positions&) override {}
  void Close() override {}
  void Interrupt() override {}
  SourceHealth Health() const override { return {}; }

 private:
  std::string_view Next() {
    constexpr std::uint32_t kBusy = 20'000;
    const auto ms = static_cast<std::int64_t>(next_ / 50);
    const auto who = static_cast<std::uint32_t>(
        next_ < in_turn_ ? next_ % customers_ : next_ * 2654435761U % kBusy);
    return generator_.Next(who % customers_, ms);
  }

  const std::uint32_t customers_;
  const std::size_t in_turn_;
  const std::size_t events_;
  std::atomic<std::size_t>* const read_;
  bench::EventGenerator generator_;
  std::size_t next_ = 0;
  bool assigned_ = false;
  bool resumed_ = false;
};

class Nowhere final : public OutputSink,
                      public DeadLetterSink,
                      public PipelineObserver {
 public:
  void Submit(ShardOutput, std::function<void()> durable) override {
    durable();
  }
  Status Keep(const std::string&, const std::string&, const Record&, Refusal,
              std::string_view) override {
    return {};
  }
  Status Sync() override { return {}; }
  void OnCounts(const std::string&, const Counts&) override {}
  void OnBackPressure(const std::string&, bool) override {}
  void OnCommitted(const std::string&) override {}
  void OnEnded(const std::string&, const std::string&) override {}
  void OnDeadLetterTrouble(const std::string&) override {}
  void OnCheckpoint(const CheckpointReport& report) override {
    if (!report.problem.empty()) std::cerr << report.problem << "\n";
    last = report;
    ++checkpoints;
  }
  void OnStateLost(const std::string&, const std::string&,
                   const std::string& why) override {
    std::cerr << why << "\n";
  }

  CheckpointReport last;
  std::atomic<int> checkpoints = 0;
};

std::shared_ptr<const RuleSet> TwentyRules() {
  std::ifstream file(std::string(PREMURA_BENCH_DIR) + "/rules20.yaml");
  std::ostringstream text;
  text << file.rdbuf();
  LoadedRules loaded = LoadRules({{"rules20.yaml", text.str()}}, {});
  if (!loaded.rules) {
    std::cerr << RenderText(loaded.diagnostics);
    std::exit(1);
  }
  return loaded.rules;
}

class Run {
 public:
  Run(const Settings& settings, std::size_t in_turn, std::size_t events,
      CheckpointStore* store, Duration every) {
    PipelineOptions options;
    options.shards = settings.shards;
    options.checkpoints = store;
    options.checkpoint_every = every;
    options.now = [] {
      return std::chrono::time_point_cast<Duration>(
          std::chrono::system_clock::now());
    };
    std::vector<PipelineSource> sources(1);
    sources[0].id = "generated";
    sources[0].source = std::make_unique<GeneratedSource>(
        settings.customers, in_turn, events, &read);
    DecoderOptions decoder;
    decoder.preset = Preset::kSegment;
    sources[0].decoder = NewEventDecoder(decoder).value();
    pipeline =
        NewPipeline(std::move(options), std::move(sources), TwentyRules(),
                    &profiles_, &nowhere, &nowhere, &nowhere);
  }
  void AwaitRead(std::size_t count) const {
    while (read < count) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  void Checkpoint() const {
    if (!pipeline->Checkpoint(std::chrono::minutes(10))) std::exit(1);
  }
  std::size_t Customers() const {
    std::size_t customers = 0;
    for (const EngineStats& shard : pipeline->Health().cells) {
      customers += shard.customers;
    }
    return customers;
  }

  std::atomic<std::size_t> read = 0;
  Nowhere nowhere;

 private:
  ProfileStore profiles_;

 public:
  std::unique_ptr<Pipeline> pipeline;
};

void Print(const std::string& what, const std::string& figure) {
  fmt::print("| {:<58} | {:>30} |\n", what, figure);
  std::fflush(stdout);
}

void PrintReport(const std::string& what, const CheckpointReport& report) {
  Print(what,
        fmt::format("{:.2f} s, {} records, {:.0f} MB",
                    static_cast<double>(report.took.count()) / 1000,
                    report.records, static_cast<double>(report.bytes) / 1e6));
}

void MeasureRestart(const Settings& settings, const std::string& folder) {
  const std::size_t all = std::size_t{8} * settings.customers;
  const Duration never = std::chrono::hours(100);
  {
    auto store = OpenRocksCheckpoints(folder);
    Run run(settings, all, all + 100'000, store.value().store.get(), never);
    if (!run.pipeline->Restore(nullptr).ok()) std::exit(1);
    run.pipeline->Start();
    run.AwaitRead(all);
    run.Checkpoint();
    PrintReport("everything written down", run.nowhere.last);
    run.AwaitRead(all + 100'000);
    run.Checkpoint();
    PrintReport("what 100,000 events change", run.nowhere.last);
    run.pipeline->Stop(std::chrono::minutes(1));
  }
  const auto begin = SteadyClock::now();
  auto store = OpenRocksCheckpoints(folder);
  const double opened = SecondsSince(begin);
  Run run(settings, all, all + 100'001, store.value().store.get(), never);
  const Status restored = run.pipeline->Restore(nullptr);
  if (!restored.ok()) std::cerr << restored.error().message << "\n";
  run.pipeline->Start();
  run.AwaitRead(all + 100'001);
  Print(fmt::format("taken up again, {} customers", run.Customers()),
        fmt::format("{:.2f} s, to open {:.2f}", SecondsSince(begin), opened));
}

// Events a second, and nanoseconds of all threads' processors for each.
struct Rates {
  double events;
  double nanoseconds;
};

double ProcessorSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         static_cast<double>(now.tv_nsec) * 1e-9;
}

// From the start to when all has been read, with the checkpoints in between.
Rates RateOf(const Settings& settings, CheckpointStore* store) {
  Run run(settings, 0, settings.events, store, std::chrono::seconds(5));
  if (!run.pipeline->Restore(nullptr).ok()) std::exit(1);
  const auto begin = SteadyClock::now();
  const double processor = ProcessorSeconds();
  run.pipeline->Start();
  run.AwaitRead(settings.events);
  const Rates rates{static_cast<double>(settings.events) / SecondsSince(begin),
                    (ProcessorSeconds() - processor) * 1e9 /
                        static_cast<double>(settings.events)};
  run.pipeline->Stop(std::chrono::minutes(1));
  if (store != nullptr) {
    PrintReport(fmt::format("the last of {} checkpoints",
                            run.nowhere.checkpoints.load()),
                run.nowhere.last);
  }
  return rates;
}

int Main(const Settings& settings) {
  std::string folder =
      (std::filesystem::temp_directory_path() / "premura-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  MeasureRestart(settings, folder + "/million");
  for (int round = 0; round < 3; ++round) {
    const Rates without = RateOf(settings, nullptr);
    auto store = OpenRocksCheckpoints(fmt::format("{}/rate{}", folder, round));
    const Rates with = RateOf(settings, store.value().store.get());
    Print("events a second without checkpoints, with, ratio",
          fmt::format("{:.2f} M/s, {:.2f} M/s, {:.2f}", without.events / 1e6,
                      with.events / 1e6, with.events / without.events));
    Print(
        "processor time for an event without, with, ratio",
        fmt::format("{:.0f} ns, {:.0f} ns, {:.2f}", without.nanoseconds,
                    with.nanoseconds, without.nanoseconds / with.nanoseconds));
  }
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace premura

int main(int argc, char** argv) {
  premura::Settings settings;
  for (int i = 1; i + 1 < argc; i += 2) {
    const long number = std::atol(argv[i + 1]);
    if (std::strcmp(argv[i], "--customers") == 0) {
      settings.customers = static_cast<std::uint32_t>(number);
    } else if (std::strcmp(argv[i], "--events") == 0) {
      settings.events = static_cast<std::size_t>(number);
    } else if (std::strcmp(argv[i], "--shards") == 0) {
      settings.shards = static_cast<int>(number);
    } else {
      std::cerr << "unknown: " << argv[i] << "\n";
      return 2;
    }
  }
  return premura::Main(settings);
}
