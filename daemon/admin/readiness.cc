// SPDX-License-Identifier: Apache-2.0
#include "daemon/admin/readiness.h"

#include <utility>

#include "notifiers/json_writer.h"

namespace premura {
namespace {

// Empty: nothing is wrong with it.
std::string WhyNotRead(const PipelineHealth::SourceState& source) {
  if (!source.failure.empty()) return "cannot be read: " + source.failure;
  if (source.ended) return "";
  if (!source.health.reachable) {
    return "cannot be read: " + source.health.problem;
  }
  if (!source.health.joined) return "has not been given its partitions yet";
  return "";
}

// One source that is away leaves the others; all of them leave nothing to do.
void AddSources(const PipelineHealth& pipeline,
                std::vector<Trouble>* troubles) {
  std::vector<Trouble> away;
  for (const auto& source : pipeline.sources) {
    const std::string why = WhyNotRead(source);
    if (!why.empty()) away.push_back({"source " + source.id, why, false});
  }
  const bool all = !away.empty() && away.size() == pipeline.sources.size();
  for (Trouble& trouble : away) {
    trouble.unready = all;
    troubles->push_back(std::move(trouble));
  }
}

}  // namespace

Readiness ReadinessOf(const PipelineHealth& pipeline,
                      const OutreachHealth& outreach,
                      const std::string& checkpoint_problem,
                      const std::string& letter_problem) {
  Readiness readiness;
  if (!outreach.ledger_ok) {
    readiness.troubles.push_back(
        {"ledger", "cannot be written: " + outreach.ledger_problem, true});
  }
  if (pipeline.cell_store && pipeline.cell_store->waiting > 0) {
    readiness.troubles.push_back(
        {"state", "is being restored: " + pipeline.cell_store->why, true});
  }
  if (!letter_problem.empty()) {
    readiness.troubles.push_back(
        {"dead letter", "cannot be kept: " + letter_problem, true});
  }
  AddSources(pipeline, &readiness.troubles);
  if (!checkpoint_problem.empty()) {
    readiness.troubles.push_back(
        {"checkpoint", "cannot be written: " + checkpoint_problem, false});
  }
  return readiness;
}

std::string ToText(const Readiness& readiness, bool words) {
  std::string text = readiness.ready() ? "ready" : "not ready";
  if (!words || readiness.troubles.empty()) return text + "\n";
  text += readiness.ready() ? ", but " : ": ";
  const Trouble* const first = readiness.troubles.data();
  for (const Trouble& trouble : readiness.troubles) {
    if (&trouble != first) text += "; ";
    text += "the " + trouble.part + " " + trouble.words;
  }
  return text + "\n";
}

std::string ToJson(const Readiness& readiness, bool words) {
  std::string json;
  Members members(&json);
  members.Flag("ready", readiness.ready());
  if (words) {
    members.Raw("troubles", JsonList(readiness.troubles, [](const auto& one) {
                  std::string trouble;
                  Members of(&trouble);
                  of.Text("part", one.part);
                  of.Text("words", one.words);
                  of.Flag("unready", one.unready);
                  of.Close();
                  return trouble;
                }));
  }
  members.Close();
  return json + "\n";
}

}  // namespace premura
