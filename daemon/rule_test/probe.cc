// SPDX-License-Identifier: Apache-2.0
#include "daemon/rule_test/probe.h"

#include "daemon/rule_test/probe_cases.h"

namespace premura {
namespace {

template <typename... Each>
struct Overloaded : Each... {
  using Each::operator()...;
};
template <typename... Each>
Overloaded(Each...) -> Overloaded<Each...>;

void Derive(const KindSpec& kind, ProbeCases* cases) {
  std::visit(
      Overloaded{
          [&](const EventCountSpec& spec) { ProbeEventCount(spec, cases); },
          [&](const ValueCountSpec& spec) { ProbeValueCount(spec, cases); },
          [&](const FlappingSpec& spec) { ProbeFlapping(spec, cases); },
          [&](const TemporalSpec& spec) { ProbeTemporal(spec, cases); },
          [&](const ChangeSpec& spec) { ProbeChange(spec, cases); },
          [&](const NewTermSpec& spec) { ProbeNewTerm(spec, cases); },
          [&](const SequenceSpec& spec) { ProbeSequence(spec, cases); },
          [&](const AbsenceSpec& spec) { ProbeAbsence(spec, cases); },
          [&](const SilenceSpec& spec) { ProbeSilence(spec, cases); },
          [&](const RatioSpec& spec) { ProbeRatio(spec, cases); },
          [&](const AggregateSpec& spec) { ProbeAggregate(spec, cases); },
          [&](const SpikeSpec& spec) { ProbeSpike(spec, cases); },
          [&](const ScoreSpec& spec) { ProbeScore(spec, cases); },
          [&](const DeadlineSpec& spec) { ProbeDeadline(spec, cases); },
      },
      kind);
}

}  // namespace

RuleProbes DeriveProbes(const Rule& rule, const RuleSet& rules) {
  ProbeStage stage(rule, rules.symbols());
  ProbeCases cases(&stage);
  Derive(rule.detect.spec, &cases);
  RuleProbes probes;
  probes.problem = stage.problem();
  if (!probes.problem.empty()) return probes;
  probes.cases = cases.Take();
  probes.profile = stage.ValuesOf(stage.profile());
  if (const auto unfit = stage.Unfit()) probes.unfit = stage.ValuesOf(*unfit);
  return probes;
}

}  // namespace premura
