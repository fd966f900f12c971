// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/test_probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <regex>

#include "daemon/assembly.h"
#include "daemon/commands/output_file.h"
#include "daemon/rule_test/junit.h"
#include "daemon/rule_test/probe.h"
#include "rules/isolated.h"
#include "rules/readable_duration.h"

namespace premura {
namespace {

std::string Instants(const std::vector<Duration>& fired) {
  std::vector<std::string> words;
  for (const Duration at : fired) {
    words.push_back(ReadableDuration(at));
  }
  return words.empty() ? "" : fmt::format(" at {}", fmt::join(words, ", "));
}

// nullopt where nobody looks.
std::optional<std::vector<Duration>> SeenBack(const ProbeCase& probe,
                                              const ProbeOutcome& played) {
  if (!probe.taken_back) return std::nullopt;
  return played.taken_back;
}

class Prober {
 public:
  Prober(const ProbeOptions& options, const Io& io) : io_(io) {
    if (!options.run.empty()) wanted_.emplace(options.run);
  }

  void RunRule(const Rule& rule, const RuleSet& rules) {
    const RuleProbes probes = DeriveProbes(rule, rules);
    if (!probes.problem.empty()) {
      if (!Wanted(rule.id)) return;
      *io_.out << fmt::format("NOT PROBED {}: {}\n", rule.id, probes.problem);
      outcomes_.push_back({rule.id, "probes", {}, probes.problem});
      ++not_probed_;
      return;
    }
    const auto alone = Isolated(rules, rule);
    for (const ProbeCase& one : probes.cases) RunCase(one, probes, rule, alone);
  }

  void PrintSum() const {
    std::string sum = fmt::format("{} passed, {} failed", passed_, failed_);
    if (not_probed_ > 0) {
      sum += fmt::format(", {} {} not probed", not_probed_,
                         not_probed_ == 1 ? "rule" : "rules");
    }
    *io_.out << sum << '\n';
  }

  bool failed() const { return failed_ > 0; }
  const std::vector<TestOutcome>& outcomes() const { return outcomes_; }

 private:
  bool Wanted(const std::string& name) const {
    return !wanted_ || std::regex_search(name, *wanted_);
  }

  void RunCase(const ProbeCase& one, const RuleProbes& probes, const Rule& rule,
               const std::shared_ptr<const RuleSet>& alone) {
    if (!Wanted(fmt::format("{}: {}", rule.id, one.says))) return;
    const ProbeOutcome played = PlayProbe(one, probes, rule.id, alone);
    TestOutcome outcome{rule.id, one.says, {}, {}};
    const std::string name = fmt::format("{}: {}: {}", rule.id, one.says,
                                         ToWords(one.expected, one.taken_back));
    if (played.Meets(one)) {
      ++passed_;
      *io_.out << fmt::format("ok      {}\n", name);
    } else {
      ++failed_;
      outcome.problems = {
          fmt::format("by the rule's words it {}{}",
                      ToWords(one.expected, one.taken_back),
                      Instants(one.expected)),
          fmt::format("but it {}{}",
                      ToWords(played.fired, SeenBack(one, played)),
                      Instants(played.fired))};
      *io_.out << fmt::format("FAILED  {}\n", name);
      for (const std::string& line : outcome.problems) {
        *io_.out << "        " << line << '\n';
      }
    }
    outcomes_.push_back(std::move(outcome));
  }

  const Io& io_;
  std::optional<std::regex> wanted_;
  std::vector<TestOutcome> outcomes_;
  int passed_ = 0;
  int failed_ = 0;
  int not_probed_ = 0;
};

}  // namespace

int TestProbes(const ProbeOptions& options, const Io& io) {
  std::optional<Prober> prober;
  try {
    prober.emplace(options, io);
  } catch (const std::regex_error&) {
    return Fail(
        io, fmt::format("--run: `{}` is no regular expression", options.run),
        kUsage);
  }
  const Status apart = CheckOutput("--junit", options.junit, {}, options.paths);
  if (!apart.ok()) return Fail(io, apart.error().message, kUsage);
  LoadedRules loaded = LoadRulePaths(options.paths, {});
  FillLines(&loaded.diagnostics);
  *io.err << RenderText(loaded.diagnostics);
  if (loaded.rules == nullptr) return kFailure;
  for (const Rule& rule : loaded.rules->rules()) {
    prober->RunRule(rule, *loaded.rules);
  }
  prober->PrintSum();
  if (!options.junit.empty()) {
    const Status written = WriteJunit(options.junit, prober->outcomes());
    if (!written.ok()) return Fail(io, written.error().message);
  }
  if (prober->outcomes().empty()) {
    return Fail(io, options.run.empty() ? "there are no rules to probe"
                                        : "no case has such words");
  }
  return prober->failed() ? kFailure : kOk;
}

}  // namespace premura
