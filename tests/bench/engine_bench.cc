// SPDX-License-Identifier: Apache-2.0
// Twenty rules of the five kinds (rules20.yaml) over 20,000 customers, on one
// core: the engine alone, and behind the decoder. Items are events.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "rules/document.h"
#include "rules/rule_set.h"
#include "signals/engine.h"
#include "signals/event_decoder.h"
#include "tests/bench/event_generator.h"

namespace premura {
namespace {

constexpr std::uint32_t kCustomers = 20'000;
constexpr std::size_t kEvents = 1'000'000;
constexpr std::size_t kBatch = 512;  // As shards take them.

std::shared_ptr<const RuleSet> LoadTwentyRules() {
  const std::string path = std::string(PREMURA_BENCH_DIR) + "/rules20.yaml";
  Result<std::string> text = ReadFile(path);
  LoadedRules loaded;
  if (text.ok()) loaded = LoadRules({{path, text.value()}}, {});
  if (!loaded.rules) {
    std::cerr << RenderText(loaded.diagnostics) << path << ": cannot load\n";
    std::exit(1);
  }
  return loaded.rules;
}

class CountingSink final : public DetectionSink {
 public:
  void OnDetection(Detection detection) override {
    ++detections;
    benchmark::DoNotOptimize(detection);
  }
  void OnCancellation(Cancellation cancellation) override {
    benchmark::DoNotOptimize(cancellation);
  }
  std::size_t detections = 0;
};

const std::vector<std::string>& Records() {
  static const auto* records = [] {
    auto* made = new std::vector<std::string>;
    made->reserve(kEvents);
    bench::EventGenerator generator(kCustomers);
    for (std::size_t i = 0; i < kEvents; ++i) made->push_back(generator.Next());
    return made;
  }();
  return *records;
}

std::unique_ptr<EventDecoder> Decoder(const RuleSet& rules) {
  DecoderOptions options;
  options.preset = Preset::kSegment;
  auto decoder = NewEventDecoder(options);
  if (!decoder.ok()) {
    std::cerr << decoder.error().message << "\n";
    std::exit(1);
  }
  decoder.value()->Use(&rules.symbols());
  return std::move(decoder).value();
}

// What Intake does to the clock when nothing is late.
class ToBatch final : public DecodeSink {
 public:
  void OnEvent(const Event& event) override {
    Event copy = event;
    clock = std::max(clock, event.time);
    copy.clock = clock;
    batch.Add(copy);
  }
  void OnProfile(ProfileChange, Timestamp) override {}
  void OnRefused(Refusal, std::string_view) override { ++refused; }

  EventBatch batch;
  Timestamp clock{};
  std::size_t refused = 0;
};

class ToEngine final : public DecodeSink {
 public:
  explicit ToEngine(Engine* engine) : engine_(engine) {}
  void OnEvent(const Event& event) override {
    Event copy = event;
    clock_ = std::max(clock_, event.time);
    copy.clock = clock_;
    batch_.Add(copy);
    if (++events % kBatch == 0) Flush();
  }
  void Flush() {
    engine_->Take(batch_);
    batch_.Clear();
  }
  void OnProfile(ProfileChange, Timestamp) override {}
  void OnRefused(Refusal, std::string_view) override {}

  std::size_t events = 0;

 private:
  Engine* const engine_;
  EventBatch batch_;
  Timestamp clock_{};
};

// Events that are decoded already, in batches, again and again, each round
// later than the one before: windows are full and timers run.
void BM_Engine(benchmark::State& state) {
  const auto rules = LoadTwentyRules();
  auto decoder = Decoder(*rules);
  ToBatch decoded;
  for (const std::string& text : Records()) {
    Record record;
    record.value = text;
    decoder->Decode(record, &decoded);
  }
  const std::size_t events = decoded.batch.size();
  const Timestamp first = decoded.batch.event(0).time;
  const Duration span = decoded.clock - first + Duration(1);
  ProfileStore profiles;
  CountingSink sink;
  const auto engine = NewEngine(rules, &profiles, &sink);
  Duration shift{};
  EventBatch batch;
  for (auto _ : state) {
    for (std::uint32_t i = 0; i < events; ++i) {
      Event event = decoded.batch.event(i);
      event.time += shift;
      event.clock += shift;
      batch.Add(event);
      if (batch.size() < kBatch && i + 1 < events) continue;
      engine->Take(batch);
      batch.Clear();
    }
    shift += span;
  }
  const auto rounds = static_cast<std::int64_t>(state.iterations());
  state.SetItemsProcessed(rounds * static_cast<std::int64_t>(events));
  state.counters["detections"] = static_cast<double>(sink.detections);
  state.counters["customers"] = static_cast<double>(engine->Stats().customers);
  state.counters["timers"] = static_cast<double>(engine->Stats().timers);
  state.counters["refused"] = static_cast<double>(decoded.refused);
}
BENCHMARK(BM_Engine)->Unit(benchmark::kMillisecond)->Iterations(8);

void BM_DecodeAndEngine(benchmark::State& state) {
  const auto rules = LoadTwentyRules();
  const std::vector<std::string>& records = Records();
  auto decoder = Decoder(*rules);
  std::size_t events = 0;
  std::size_t detections = 0;
  for (auto _ : state) {
    ProfileStore profiles;
    CountingSink sink;
    const auto engine = NewEngine(rules, &profiles, &sink);
    ToEngine to_engine(engine.get());
    for (const std::string& text : records) {
      Record record;
      record.value = text;
      decoder->Decode(record, &to_engine);
    }
    to_engine.Flush();
    events += to_engine.events;
    detections += sink.detections;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(events));
  state.counters["detections"] = static_cast<double>(detections);
}
BENCHMARK(BM_DecodeAndEngine)->Unit(benchmark::kMillisecond)->Iterations(4);

void BM_DecodeAlone(benchmark::State& state) {
  const auto rules = LoadTwentyRules();
  const std::vector<std::string>& records = Records();
  auto decoder = Decoder(*rules);
  class Nothing final : public DecodeSink {
   public:
    void OnEvent(const Event& event) override {
      benchmark::DoNotOptimize(event);
      ++events;
    }
    void OnProfile(ProfileChange, Timestamp) override {}
    void OnRefused(Refusal, std::string_view) override {}
    std::size_t events = 0;
  } nothing;
  for (auto _ : state) {
    for (const std::string& text : records) {
      Record record;
      record.value = text;
      decoder->Decode(record, &nothing);
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(nothing.events));
}
BENCHMARK(BM_DecodeAlone)->Unit(benchmark::kMillisecond)->Iterations(4);

}  // namespace
}  // namespace premura
