// SPDX-License-Identifier: Apache-2.0
// What the kinds' probes are made with: a list of cases, and the plain case in
// which a rule fires, from which those follow that all kinds share.

#pragma once

#include <string>
#include <vector>

#include "daemon/rule_test/probe.h"
#include "daemon/rule_test/probe_stage.h"

namespace premura {

using ProbeEvents = std::vector<ProbeEvent>;
using Instants = std::vector<Duration>;

inline constexpr Duration kTick{1};  // One millisecond.
inline constexpr Duration kZero{0};

// The events of a rule that fires, all of them needed, as close as may be.
struct ProbeScript {
  enum class Late : std::uint8_t { kCounts, kPassedOver, kUnsaid };

  std::string says;
  ProbeEvents events;
  // It fires by the clock, then; else at the last event.
  std::optional<Duration> due;
  // A late last event; one more, if one is enough.
  Late late = Late::kUnsaid;
  // What came before an `unless` is gone (in `flapping` the state stays).
  bool unless_empties = true;
  // The last event alone is the rule's second firing.
  bool one_is_enough = false;
};

class ProbeCases {
 public:
  explicit ProbeCases(ProbeStage* stage) : stage_(*stage) {}

  ProbeStage& stage() { return stage_; }
  // Not where the rule says `late: ignore`.
  bool CountsLate() const { return !stage_.rule().detect.ignore_late; }

  void Add(std::string says, ProbeEvents events, Instants expected,
           std::optional<Duration> clock = std::nullopt);
  // The script, and what all kinds share: someone else's event, another group,
  // `unless`, late, spent, `cancel_on`, a customer it is not for.
  void AddScript(const ProbeScript& script);

  std::vector<ProbeCase> Take() { return std::move(cases_); }

 private:
  void AddAlone(const ProbeScript& script, Duration fires);
  void AddOthers(const ProbeScript& script);
  void AddUnless(const ProbeScript& script);
  void AddLate(const ProbeScript& script);
  void AddSpent(const ProbeScript& script, Duration fires);
  void AddCancel(const ProbeScript& script, Duration fires);
  void AddCancelAfter(const ProbeScript& script, Duration fires,
                      const ProbeEvent& cancel);
  void AddCancelBefore(const ProbeScript& script, Duration fires,
                       const ProbeEvent& cancel);
  void AddUnfit(const ProbeScript& script);

  ProbeStage& stage_;
  std::vector<ProbeCase> cases_;
};

// The event then; all of them at one instant.
ProbeEvent At(ProbeEvent event, Duration at);
ProbeEvents AllAt(const ProbeEvents& events, Duration at);
ProbeEvents Times(const ProbeEvent& event, int times, Duration at);
ProbeEvents operator+(ProbeEvents a, const ProbeEvents& b);

// "4 page_viewed (..)"
std::string Counted(int times, const ProbeEvent& event);
// Each in turn, the same ones counted: "3 a, then b"
std::string Listed(const ProbeEvents& events);

// --- The kinds; each leaves a problem with the stage if it cannot ------------

void ProbeEventCount(const EventCountSpec& spec, ProbeCases* cases);
void ProbeValueCount(const ValueCountSpec& spec, ProbeCases* cases);
void ProbeFlapping(const FlappingSpec& spec, ProbeCases* cases);
void ProbeTemporal(const TemporalSpec& spec, ProbeCases* cases);
void ProbeChange(const ChangeSpec& spec, ProbeCases* cases);
void ProbeNewTerm(const NewTermSpec& spec, ProbeCases* cases);
void ProbeSequence(const SequenceSpec& spec, ProbeCases* cases);
void ProbeAbsence(const AbsenceSpec& spec, ProbeCases* cases);
void ProbeSilence(const SilenceSpec& spec, ProbeCases* cases);
void ProbeRatio(const RatioSpec& spec, ProbeCases* cases);
void ProbeAggregate(const AggregateSpec& spec, ProbeCases* cases);
void ProbeSpike(const SpikeSpec& spec, ProbeCases* cases);
void ProbeScore(const ScoreSpec& spec, ProbeCases* cases);
void ProbeDeadline(const DeadlineSpec& spec, ProbeCases* cases);

}  // namespace premura
