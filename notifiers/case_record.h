// SPDX-License-Identifier: Apache-2.0
// CaseRecord: a detection as the ledger keeps it and templates tell it. It
// stands on its own: the rule may have changed or gone since.

#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/result.h"
#include "rules/time.h"
#include "signals/detection.h"

namespace premura {

struct CaseRecord {
  std::string detection_id;
  std::string rule_id;
  std::string revision;
  std::string rule_hash;
  std::string title;
  std::string description;
  std::string level;
  std::string phase;
  std::string owner;
  std::string article;
  std::string customer;
  std::vector<std::pair<std::string, std::string>> group;  // path, JSON value
  // What the rule calls the cause, each of the newest event that has it.
  std::vector<std::pair<std::string, std::string>> cause;
  Timestamp at{};
  std::vector<EvidenceEvent> evidence;
  // Paths of the rule's own fields. Evidence also has what other rules and
  // templates ask for. Not known of cases of an earlier version.
  std::optional<std::vector<std::string>> shown;
};

CaseRecord MakeCaseRecord(const Detection& detection);
std::string ToJson(const CaseRecord& record);
Result<CaseRecord> ParseCaseRecord(std::string_view json);

}  // namespace premura
