// SPDX-License-Identifier: Apache-2.0
#include "notifiers/evidence_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "signals/zones.h"

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

std::string Summarise(const CaseRecord& record, const std::string& zone) {
  const auto local = [&zone](Timestamp at) {  // "2026-11-20 09:41"
    return FormatLocal(zone.empty() ? "Etc/UTC" : zone, at);
  };
  const char* const utc = zone.empty() ? " UTC" : "";
  if (record.evidence.empty()) {
    return "no event, but the clock: " + local(record.at) + utc;
  }
  const std::string first = local(record.evidence.front().at);
  const std::string last = local(record.evidence.back().at);
  const std::string names = Names(record.evidence);
  if (first.substr(0, 10) != last.substr(0, 10)) {
    return fmt::format("{} from {} to {}{}", names, first, last, utc);
  }
  // A day is said where it is another than the detection's.
  const bool same_day = last.substr(0, 10) == local(record.at).substr(0, 10);
  const std::string begin = first.substr(same_day ? 11 : 0);
  if (first == last) return fmt::format("{} at {}{}", names, begin, utc);
  return fmt::format("{} from {} to {}{}", names, begin, last.substr(11), utc);
}

}  // namespace premura
