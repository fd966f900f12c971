// SPDX-License-Identifier: Apache-2.0
// A simulation without gates: what rules find, and nothing is decided.

#include <utility>

#include "daemon/simulation/recorded_stalls.h"
#include "daemon/simulation/simulation_parts.h"
#include "signals/engine.h"

namespace premura {
namespace {

class Detections final : public Simulation, public DetectionSink {
 public:
  explicit Detections(SimulationOptions options)
      : options_(std::move(options)),
        engine_(
            NewEngine(options_.rules, options_.profiles, this, options_.owns)),
        stalls_(options_.self_preservation, engine_.get(),
                [this](Timestamp clock) {
                  engine_->Advance(clock);
                  return Status();
                }) {}

  Status Pass(const Event& event) override {
    if (auto status = stalls_.Before(event.clock); !status.ok()) return status;
    stalls_.Heard(event);
    engine_->Advance(event.clock);
    return {};
  }
  Status Take(const Event& event) override {
    if (auto status = Pass(event); !status.ok()) return status;
    engine_->Take(event);
    return {};
  }
  Status Take(const ProfileChange& change) override {
    engine_->Take(change);
    return {};
  }
  Status Advance(Timestamp clock) override {
    if (auto status = stalls_.Before(clock); !status.ok()) return status;
    engine_->Advance(clock);
    return {};
  }
  Timestamp now() const override { return {}; }
  const Engine& engine() const override { return *engine_; }
  Ledger* ledger() override { return nullptr; }

  void OnDetection(Detection detection) override {
    options_.on_detection(detection);
  }
  void OnCancellation(Cancellation) override {}
  void OnLeftOut(const Rule& rule, std::string_view customer,
                 Timestamp at) override {
    if (options_.on_left_out) {
      options_.on_left_out({rule.id, std::string(customer), at});
    }
  }

 private:
  const SimulationOptions options_;
  std::unique_ptr<Engine> engine_;
  RecordedStalls stalls_;
};

}  // namespace

std::unique_ptr<Simulation> NewSimulationOfDetections(
    SimulationOptions options) {
  return std::make_unique<Detections>(std::move(options));
}

}  // namespace premura
