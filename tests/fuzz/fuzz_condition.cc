// SPDX-License-Identifier: Apache-2.0
// Conditions: of a condition and its opposite exactly one holds, whatever the
// event. The input is what stands within `where: {..}`, a line end, and the
// event as JSON.

#include <cstdint>
#include <string>
#include <string_view>

#include "rules/rule_set.h"
#include "signals/engine.h"
#include "signals/event_decoder.h"
#include "tests/fuzz/check.h"

namespace premura {
namespace {

// Counts by rule: "a", "b".
class CountingSink final : public DetectionSink {
 public:
  void OnDetection(Detection detection) override {
    ++(detection.rule->id == "a" ? a : b);
  }
  void OnCancellation(Cancellation) override {}
  int a = 0;
  int b = 0;
};

class Feeder final : public DecodeSink {
 public:
  explicit Feeder(Engine* engine) : engine_(engine) {}
  void OnEvent(const Event& event) override {
    ++events;
    Event timed = event;
    timed.clock = clock_ = std::max(clock_, event.time);
    engine_->Take(timed);
  }
  void OnProfile(ProfileChange change, Timestamp) override {
    engine_->Take(change);
  }
  void OnRefused(Refusal, std::string_view) override {}
  int events = 0;

 private:
  Engine* const engine_;
  Timestamp clock_{};
};

std::string RuleOf(const std::string& id, const std::string& where) {
  return "  - id: " + id + "\n    title: t\n    detect:\n" +
         "      event_count: {where: {" + where + "}, gte: 1, within: 1h}\n";
}

void Match(const std::string& where, std::string_view json) {
  if (where.find_first_of("\r\n#") != where.npos) return;
  const LoadedRules loaded =
      LoadRules({{"f.yaml", "version: 1\nrules:\n" + RuleOf("a", where) +
                                RuleOf("b", "not: {" + where + "}")}},
                {});
  if (loaded.rules == nullptr || loaded.rules->rules().size() != 2) return;
  if (loaded.rules->rules()[0].detect.kind != "event_count") return;
  ProfileStore profiles;
  CountingSink sink;
  const auto engine = NewEngine(loaded.rules, &profiles, &sink);
  const auto decoder = NewEventDecoder({});
  decoder.value()->Use(&loaded.rules->symbols());
  Feeder feeder(engine.get());
  decoder.value()->Decode(Record{.value = json}, &feeder);
  if (engine->Stats().late > 0) return;
  Check(sink.a + sink.b == feeder.events, "a condition or its opposite");
}

}  // namespace
}  // namespace premura

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = text.find('\n');
  if (end == text.npos) return 0;
  premura::Match(text.substr(0, end), std::string_view(text).substr(end + 1));
  return 0;
}
