// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/rule_test/rule_test.h"
#include "daemon/rule_test/rule_test_notation.h"
#include "daemon/simulation/simulation.h"
#include "signals/intake.h"

namespace premura {
namespace {

constexpr std::uint32_t kPartition = 0;

// Offsets count from the start of the test.
std::string At(Timestamp at, Timestamp start) {
  return at < start ? FormatInstant(at) : FormatOffset(at - start);
}

std::string LineOf(const Detection& detection, Timestamp start) {
  std::string line = fmt::format("{} {} {}", At(detection.at, start),
                                 detection.rule->id, detection.customer);
  for (const auto& [path, json] : detection.group) {
    line += fmt::format(" {}={}", path, json);
  }
  return line;
}

std::string LineOf(const SimulatedContact& contact, Timestamp start) {
  std::string line =
      fmt::format("{} {} {} {} {}", At(contact.at, start), contact.rule,
                  contact.customer, contact.channel, ToString(contact.what));
  if (contact.reason != Reason::kNone) {
    line += fmt::format(" {}", ToString(contact.reason));
  }
  if (contact.until) line += " until " + At(*contact.until, start);
  return line;
}

// The words at the end of a line may be left out; who says more chooses first.
bool IsMeant(const std::string& expected, const std::string& found) {
  return found.starts_with(expected) &&
         (found.size() == expected.size() || found[expected.size()] == ' ');
}

void Compare(const std::vector<RuleTest::Expected>& lines,
             const std::vector<std::string>& found,
             std::vector<std::string>* differences) {
  std::vector<std::string> expected;
  for (const RuleTest::Expected& line : lines) expected.push_back(line.text);
  std::vector<bool> used(found.size());
  std::stable_sort(expected.begin(), expected.end(),
                   [](const std::string& a, const std::string& b) {
                     return a.size() > b.size();
                   });
  for (const std::string& line : expected) {
    std::size_t i = 0;
    while (i < found.size() && (used[i] || !IsMeant(line, found[i]))) ++i;
    if (i < found.size()) {
      used[i] = true;
    } else {
      differences->push_back("- " + line);
    }
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!used[i]) differences->push_back("+ " + found[i]);
  }
}

// Between decoder and simulation, as a source is live.
class Player final : public IntakeSink {
 public:
  explicit Player(Simulation* simulation) : simulation_(simulation) {}

  void OnEvent(const Event& event) override { Keep(simulation_->Take(event)); }
  void OnProfile(ProfileChange change) override {
    Keep(simulation_->Take(change));
  }
  void OnClock(Timestamp clock) override { Keep(simulation_->Advance(clock)); }
  void OnRefused(const Record&, Refusal reason,
                 std::string_view detail) override {
    Keep(Error{fmt::format("an event cannot be used: {} ({})", ToString(reason),
                           detail)});
  }
  void OnDuplicate() override {}
  void OnLate() override {}
  void OnFutureTime() override {}

  Status status() const { return status_; }

 private:
  void Keep(Status status) {
    if (status_.ok()) status_ = std::move(status);
  }
  Simulation* const simulation_;
  Status status_;
};

Status Play(const RuleTest& test, const RuleSet& rules,
            Simulation* simulation) {
  auto decoder = NewEventDecoder({});
  if (!decoder.ok()) return decoder.error();
  decoder.value()->Use(&rules.symbols());
  Player player(simulation);
  const auto intake = NewIntake({}, decoder.value().get(), &player);
  intake->AddPartition(kPartition);
  // The clock begins with the test: what profiles say is known from then on.
  const bool from_start =
      test.steps.empty() || test.steps.front().at >= test.start;
  if (from_start) intake->Finish(test.start);
  for (const RuleTest::Step& step : test.steps) {
    if (step.record.empty()) {
      intake->Finish(step.at);
    } else {
      Record record;
      record.value = step.record;
      record.partition = kPartition;
      intake->Take(record, {});
    }
    if (!player.status().ok()) {
      return player.status().error().WithContext(
          fmt::format("{}:{}", step.position.file, step.position.line));
    }
  }
  return {};
}

}  // namespace

Result<RuleTestResult> RunRuleTest(
    const RuleTest& test, const RestraintPolicy& restraint,
    const SelfPreservation& bounds,
    const std::shared_ptr<const RuleSet>& rules) {
  ProfileStore profiles;
  profiles.ReplaceFileLayer(test.profiles);
  std::vector<std::string> detections;
  std::vector<std::string> decisions;
  SimulationOptions options;
  options.rules = rules;
  options.profiles = &profiles;
  options.gates.emplace().restraint = restraint;
  options.self_preservation = bounds;
  options.on_detection = [&](const Detection& detection) {
    detections.push_back(LineOf(detection, test.start));
  };
  options.on_contact = [&](const SimulatedContact& contact) {
    decisions.push_back(LineOf(contact, test.start));
  };
  auto simulation = NewSimulation(std::move(options));
  if (!simulation.ok()) return simulation.error();
  if (auto played = Play(test, *rules, simulation.value().get());
      !played.ok()) {
    return played.error();
  }
  RuleTestResult result;
  if (test.detections) {
    Compare(*test.detections, detections, &result.differences);
  }
  if (test.decisions) Compare(*test.decisions, decisions, &result.differences);
  return result;
}

}  // namespace premura
