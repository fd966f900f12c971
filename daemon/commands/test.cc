// SPDX-License-Identifier: Apache-2.0
// `premura test`: the tests that lie beside the rules.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <ostream>
#include <regex>

#include "daemon/assembly.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/output_file.h"
#include "daemon/commands/test_probe.h"
#include "daemon/rule_test/junit.h"
#include "daemon/rule_test/rule_test.h"
#include "rules/hidden.h"

namespace premura {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> paths;
  std::string run;
  std::string junit;
  bool probe = false;
  bool self_preservation = false;
};

Result<std::vector<std::string>> FindFiles(
    const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    for (fs::recursive_directory_iterator at(path, error), end;
         !error && at != end; at.increment(error)) {
      const std::string name = at->path().string();
      if (IsHidden(name)) {
        at.disable_recursion_pending();
      } else if (IsTestsFile(name)) {
        files.push_back(name);
      }
    }
    if (error) return Error{path + ": " + error.message()};
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

// Its mistakes are told when it is run.
std::vector<std::string> RulesOf(const std::string& path) {
  Diagnostics ignored;
  const auto file = ReadRuleTests(path, &ignored);
  return file ? file->rules : std::vector<std::string>();
}

class Runner {
 public:
  Runner(const Options& options, const Io& io) : options_(options), io_(io) {
    if (!options.run.empty()) wanted_.emplace(options.run);
  }

  void RunFile(const std::string& path) {
    Diagnostics diagnostics;
    const auto file = ReadRuleTests(path, &diagnostics);
    std::shared_ptr<const RuleSet> rules;
    if (file) {
      LoadedRules loaded = LoadRulePaths(file->rules, {});
      rules = loaded.rules;
      diagnostics.insert(diagnostics.end(), loaded.diagnostics.begin(),
                         loaded.diagnostics.end());
      if (rules) CheckExpected(*file, *rules, &diagnostics);
    }
    FillLines(&diagnostics);
    *io_.err << RenderText(diagnostics);
    if (rules == nullptr || HasErrors(diagnostics)) {
      outcomes_.push_back(
          {path, "the file can be used", {"it has mistakes"}, {}});
      return;
    }
    for (const RuleTest& test : file->tests) {
      if (wanted_ && !std::regex_search(test.name, *wanted_)) continue;
      RunOne(test, *file, rules);
    }
  }

  void PrintSum() const {
    const auto failed = std::count_if(
        outcomes_.begin(), outcomes_.end(),
        [](const TestOutcome& one) { return !one.problems.empty(); });
    *io_.out << fmt::format("{} passed, {} failed\n",
                            outcomes_.size() - static_cast<std::size_t>(failed),
                            failed);
  }
  const std::vector<TestOutcome>& outcomes() const { return outcomes_; }

 private:
  void RunOne(const RuleTest& test, const RuleTestFile& file,
              const std::shared_ptr<const RuleSet>& rules) {
    TestOutcome outcome{file.path, test.name, {}, {}};
    SelfPreservation bounds = file.self_preservation;
    bounds.enabled = bounds.enabled || options_.self_preservation;
    const auto result = RunRuleTest(test, file.restraint, bounds, rules);
    if (result.ok()) {
      outcome.problems = result.value().differences;
    } else {
      outcome.problems = {result.error().message};
    }
    if (!outcome.problems.empty()) {
      *io_.out << fmt::format("FAILED {}:{}: {}\n", file.path,
                              test.position.line, test.name);
      for (const std::string& line : outcome.problems) {
        *io_.out << "    " << line << '\n';
      }
    }
    outcomes_.push_back(std::move(outcome));
  }

  const Options& options_;
  const Io& io_;
  std::optional<std::regex> wanted_;
  std::vector<TestOutcome> outcomes_;
};

int Test(const Options& options, const Io& io) {
  const auto files = FindFiles(options.paths);
  if (!files.ok()) return Fail(io, files.error().message);
  if (files.value().empty()) {
    return Fail(io, "there are no tests: files that end in .test.yaml");
  }
  std::optional<Runner> runner;
  try {
    runner.emplace(options, io);
  } catch (const std::regex_error& error) {
    return Fail(
        io, fmt::format("--run: `{}` is no regular expression", options.run),
        kUsage);
  }
  for (const std::string& file : files.value()) {
    const Status apart =
        CheckOutput("--junit", options.junit, {&file, 1}, RulesOf(file));
    if (!apart.ok()) return Fail(io, apart.error().message, kUsage);
  }
  for (const std::string& file : files.value()) runner->RunFile(file);
  runner->PrintSum();
  if (!options.junit.empty()) {
    const Status written = WriteJunit(options.junit, runner->outcomes());
    if (!written.ok()) return Fail(io, written.error().message);
  }
  const auto& outcomes = runner->outcomes();
  if (outcomes.empty()) {
    return Fail(io, options.run.empty() ? "there are no tests in these files"
                                        : "no test has such a name");
  }
  const bool passed =
      std::all_of(outcomes.begin(), outcomes.end(),
                  [](const TestOutcome& one) { return one.problems.empty(); });
  return passed ? kOk : kFailure;
}

}  // namespace

void AddTest(CLI::App* app, const Io& io, Chosen* chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* const command = app->add_subcommand(
      "test",
      "Run the tests of rules: what they find and decide for the events that a "
      "test lists. Exits with 1 if one fails.");
  command
      ->add_option("PATH", options->paths,
                   "Files of tests, or folders with files that end in "
                   ".test.yaml")
      ->required();
  command->add_option("--run", options->run,
                      "Only tests in whose name this regular expression is");
  command->add_option("--junit", options->junit,
                      "Write the results to this file as JUnit XML");
  command->add_flag("--self-preservation", options->self_preservation,
                    "Hold what fires because nothing happens where the events "
                    "have a gap or too many customers fall silent, as live");
  command
      ->add_flag("--probe", options->probe,
                 "Instead: derive boundary cases from each rule of these "
                 "files or folders, and try them")
      ->excludes("--self-preservation");
  command->callback([options, io, chosen] {
    *chosen = [options, io] {
      if (!options->probe) return Test(*options, io);
      return TestProbes({options->paths, options->run, options->junit}, io);
    };
  });
}

}  // namespace premura
