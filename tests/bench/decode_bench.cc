// SPDX-License-Identifier: Apache-2.0
// How fast events are decoded, and how fast they pass the intake (duplicates,
// watermark). items_per_second is events per second on one core.

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <cstdint>
#include <string>
#include <vector>

#include "rules/symbols.h"
#include "signals/event_decoder.h"
#include "signals/intake.h"

namespace premura {
namespace {

constexpr int kEvents = 10'000;
constexpr Timestamp kStart{std::chrono::hours(24) * 20'000};

// A track call of about 300 bytes, one of a thousand customers'.
std::string SegmentEvent(int number) {
  return fmt::format(
      R"({{"messageId":"ajs-next-{:032x}","type":"track","event":"{}",)"
      R"("userId":"user-{}","timestamp":"{}","context":{{"groupId":"acct-{}",)"
      R"("locale":"en-US","library":{{"name":"analytics.js","version":"2.1"}})"
      R"(}},"properties":{{"page":"/billing/{}","plan":"pro","amount":{}.5}}}})",
      number, number % 3 == 0 ? "page_viewed" : "export_failed", number % 1000,
      FormatInstant(kStart + Duration(number)), number % 1000, number % 7,
      number % 90);
}

std::string PlainEvent(int number) {
  return fmt::format(R"({{"ts":{},"customer":"c{}","type":"{}","page":"/a"}})",
                     (kStart + Duration(number)).time_since_epoch().count(),
                     number % 1000, number % 3 == 0 ? "opened" : "closed");
}

std::vector<std::string> Records(std::string (*make)(int)) {
  std::vector<std::string> records;
  for (int i = 0; i < kEvents; ++i) records.push_back(make(i));
  return records;
}

class CountingSink final : public DecodeSink {
 public:
  void OnEvent(const Event& event) override { fields += event.fields.size(); }
  void OnProfile(ProfileChange /*change*/, Timestamp /*time*/) override {}
  void OnRefused(Refusal reason, std::string_view detail) override {
    refused = fmt::format("{}: {}", ToString(reason), detail);
  }
  std::size_t fields = 0;
  std::string refused;
};

void FillSymbols(Symbols* symbols) {
  for (const char* name : {"page_viewed", "export_failed", "opened"}) {
    symbols->names.Intern(name);
  }
  for (const char* path : {"page", "plan", "amount", "error_code", "d.ip"}) {
    symbols->properties.Intern(path);
  }
}

void Decode(benchmark::State& state, Preset preset, std::string (*make)(int)) {
  Symbols symbols;
  FillSymbols(&symbols);
  const auto decoder = NewEventDecoder({.preset = preset}).value();
  decoder->Use(&symbols);
  const std::vector<std::string> records = Records(make);
  CountingSink sink;
  std::size_t bytes = 0;
  for (auto _ : state) {
    for (const std::string& record : records) {
      decoder->Decode({.value = record}, &sink);
      bytes += record.size();
    }
  }
  if (!sink.refused.empty()) state.SkipWithError(sink.refused.c_str());
  benchmark::DoNotOptimize(sink.fields);
  state.SetItemsProcessed(std::int64_t(state.iterations()) * kEvents);
  state.SetBytesProcessed(std::int64_t(bytes));
}

// What simdjson alone takes for the same records: the floor.
void ParseOnly(benchmark::State& state, std::string (*make)(int)) {
  const std::vector<std::string> records = Records(make);
  simdjson::dom::parser parser;
  std::size_t objects = 0;
  for (auto _ : state) {
    for (const std::string& record : records) {
      objects += parser.parse(record).is_object() ? 1 : 0;
    }
  }
  benchmark::DoNotOptimize(objects);
  state.SetItemsProcessed(std::int64_t(state.iterations()) * kEvents);
}

class DiscardingSink final : public IntakeSink {
 public:
  void OnEvent(const Event& event) override {
    batch.Add(event);
    if (batch.size() == 1000) batch.Clear();
  }
  void OnProfile(ProfileChange /*change*/) override {}
  void OnClock(Timestamp /*clock*/) override {}
  void OnRefused(const Record& /*record*/, Refusal reason,
                 std::string_view detail) override {
    refused = fmt::format("{}: {}", ToString(reason), detail);
  }
  void OnDuplicate() override { ++duplicates; }
  void OnLate() override {}
  void OnFutureTime() override {}
  EventBatch batch;
  std::string refused;
  std::size_t duplicates = 0;
};

// Decoding, duplicates, watermark, and the copy into a batch. The same records
// again are duplicates, so each round has an intake of its own.
void TakeIn(benchmark::State& state, int reorder_ms) {
  Symbols symbols;
  FillSymbols(&symbols);
  const auto decoder = NewEventDecoder({.preset = Preset::kSegment}).value();
  const std::vector<std::string> records = Records(&SegmentEvent);
  DiscardingSink sink;
  for (auto _ : state) {
    const auto intake =
        NewIntake({.reorder = Duration(reorder_ms)}, decoder.get(), &sink);
    intake->Use(&symbols);
    std::int64_t position = 0;
    for (const std::string& record : records) {
      intake->Take({.value = record, .position = position++}, Timestamp{});
    }
    intake->Finish(std::nullopt);
  }
  if (!sink.refused.empty()) state.SkipWithError(sink.refused.c_str());
  if (sink.duplicates > 0) state.SkipWithError("duplicates");
  state.SetItemsProcessed(std::int64_t(state.iterations()) * kEvents);
}

BENCHMARK_CAPTURE(ParseOnly, segment, &SegmentEvent);
BENCHMARK_CAPTURE(Decode, segment, Preset::kSegment, &SegmentEvent);
BENCHMARK_CAPTURE(Decode, plain, Preset::kPlain, &PlainEvent);
BENCHMARK_CAPTURE(TakeIn, in_order_of_arrival, 0);
BENCHMARK_CAPTURE(TakeIn, reordered, 100);

}  // namespace
}  // namespace premura
