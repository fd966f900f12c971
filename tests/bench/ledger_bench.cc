// SPDX-License-Identifier: Apache-2.0
// What the ledger takes: detections decided and written, with fsync, in
// transactions of different sizes.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "notifiers/outreach_core.h"
#include "rules/rule_set.h"

namespace premura {
namespace {

constexpr char kRules[] = R"(version: 1
rules:
  - id: loop
    title: Keeps coming back
    detect: {event_count: {event: page_viewed, gte: 4, within: 15m}}
    cooldown: 7d
    cancel_on: [{event: invoice_paid}]
    actions: [{ticket: {template: h}}, {email: {template: h, delay: 10m}},
              {sms: {template: h}}]
)";

class SilentObserver final : public OutreachObserver {
  void OnDecided(const Decided&) override {}
  void OnDelivered(const Delivered&) override {}
  void OnLedger(bool, const std::string&) override {}
  void OnChannel(const std::string&, bool, const std::string&) override {}
};

struct World {
  World() {
    std::string pattern =
        std::filesystem::temp_directory_path() / "premura-bench-XXXXXX";
    folder = mkdtemp(pattern.data());
    auto loaded = LoadRules({{"bench.yaml", kRules}}, LoadOptions());
    rules = loaded.rules;
    auto settings = std::make_shared<OutreachSettings>();
    settings->restraint.frequency_cap["any"] = {3, std::chrono::days(7)};
    settings->restraint.timezone_missing = "Europe/Rome";
    settings->restraint.quiet_hours["sms"].spans = {{1200, 540}};
    auto ledger =
        Ledger::Open("sqlite:" + folder + "/ledger.db", Ledger::Access::kWrite);
    if (!ledger.ok() || !rules) std::abort();
    auto opened =
        OutreachCore::Open(OutreachOptions(), std::move(ledger).value(),
                           settings, &profiles, &observer, nullptr, now);
    if (!opened.ok()) std::abort();
    core = std::move(opened).value();
  }
  ~World() {
    core.reset();
    std::filesystem::remove_all(folder);
  }

  Detection Next() {
    Detection detection;
    detection.id = fmt::format("{:032x}", ++count);
    detection.rules = rules;
    detection.rule = &rules->rules()[0];
    detection.customer = fmt::format("customer-{}", count % 20000);
    detection.at = now;
    for (int i = 0; i < 4; ++i) {
      detection.evidence.push_back({"page_viewed",
                                    now,
                                    fmt::format("e{}-{}", count, i),
                                    {{"page", "\"/billing/card\""}}});
    }
    if (count <= 20000) {
      profiles.Restore(detection.customer,
                       {{"email", {"\"a@example.com\""}},
                        {"phone", {"\"+393331234567\""}},
                        {"timezone", {"\"America/New_York\""}}});
    }
    return detection;
  }

  std::string folder;
  std::shared_ptr<const RuleSet> rules;
  ProfileStore profiles;
  SilentObserver observer;
  std::unique_ptr<OutreachCore> core;
  Timestamp now = *ParseInstant("2026-03-10T10:00:00Z");
  std::uint64_t count = 0;
};

// A shard's word at a time: `range` detections per transaction.
void DecideAndWrite(benchmark::State& state) {
  World world;
  std::size_t durable = 0;
  for (auto _ : state) {
    ShardOutput output;
    for (int i = 0; i < state.range(0); ++i) {
      output.detections.push_back(world.Next());
    }
    world.core->Submit(std::move(output), [&] { ++durable; });
    world.now += std::chrono::milliseconds(1);
    world.core->Pump(world.now);
  }
  if (durable != static_cast<std::size_t>(state.iterations())) {
    state.SkipWithError("not all were durable");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(DecideAndWrite)->Arg(1)->Arg(10)->Arg(100)->Arg(1000)->UseRealTime();

// Cancellations that concern nothing that waits.
void IrrelevantCancellations(benchmark::State& state) {
  World world;
  for (auto _ : state) {
    ShardOutput output;
    for (int i = 0; i < 1000; ++i) {
      output.Add({"loop", fmt::format("stranger-{}", i), world.now, "paid"});
    }
    world.core->Submit(std::move(output), nullptr);
    world.core->Pump(world.now);
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(IrrelevantCancellations)->UseRealTime();

}  // namespace
}  // namespace premura
