// SPDX-License-Identifier: Apache-2.0
// The reader of rules: whatever the bytes, there are rules or mistakes, each
// mistake can be shown, and what was read can be run.

#include <cstdint>
#include <string>

#include "rules/rule_set.h"
#include "signals/engine.h"
#include "tests/fuzz/check.h"

namespace premura {
namespace {

class NoSink final : public DetectionSink {
 public:
  void OnDetection(Detection) override {}
  void OnCancellation(Cancellation) override {}
};

void Run(const std::shared_ptr<const RuleSet>& rules) {
  ProfileStore profiles;
  NoSink sink;
  const auto engine = NewEngine(rules, &profiles, &sink);
  Event event;
  event.customer = "c";
  for (SymbolId name = 0; name <= rules->symbols().names.size(); ++name) {
    event.name_id = name;
    event.time += std::chrono::seconds(1);
    event.clock = event.time;
    engine->Take(event);
  }
  engine->Advance(event.clock + std::chrono::hours(1));
}

void Read(const std::string& text) {
  const LoadedRules loaded = LoadRules({{"f.yaml", text}}, {});
  Check((loaded.rules == nullptr) == HasErrors(loaded.diagnostics),
        "rules or mistakes");
  for (const Diagnostic& each : loaded.diagnostics) {
    Check(!each.message.empty(), "a mistake has words");
  }
  RenderText(loaded.diagnostics);
  if (loaded.rules != nullptr) Run(loaded.rules);
}

}  // namespace
}  // namespace premura

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  premura::Read(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
