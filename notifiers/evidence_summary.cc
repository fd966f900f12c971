// SPDX-License-Identifier: Apache-2.0
#include "notifiers/evidence_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace premura {
namespace {

std::string Names(const std::vector<EvidenceEvent>& evidence) {
  std::vector<std::pair<std::string, int>> counts;
  for (const EvidenceEvent& event : evidence) {
    const auto found =
        std::find_if(counts.begin(), counts.end(),
                     [&](const auto& one) { return one.first == event.name; });
    if (found == counts.end()) {
      counts.emplace_back(event.name, 1);
    } else {
      ++found->second;
    }
  }
  std::string names;
  for (const auto& [name, count] : counts) {
    if (!names.empty()) names += ", ";
    names += count == 1 ? name : fmt::format("{} x{}", name, count);
  }
  return names;
}

}  // namespace

std::string Summarise(const CaseRecord& record) {
  if (record.evidence.empty()) {
    return fmt::format("no event, but the clock: {} UTC",
                       FormatInstant(record.at).substr(11, 5));
  }
  // "2026-11-20T09:41:00.000Z"
  const std::string first = FormatInstant(record.evidence.front().at);
  const std::string last = FormatInstant(record.evidence.back().at);
  const std::string names = Names(record.evidence);
  if (first.substr(0, 10) != last.substr(0, 10)) {
    return fmt::format("{} from {} {} to {} {} UTC", names, first.substr(0, 10),
                       first.substr(11, 5), last.substr(0, 10),
                       last.substr(11, 5));
  }
  if (first.substr(0, 16) == last.substr(0, 16)) {
    return fmt::format("{} at {} UTC", names, first.substr(11, 5));
  }
  return fmt::format("{} from {} to {} UTC", names, first.substr(11, 5),
                     last.substr(11, 5));
}

}  // namespace premura
