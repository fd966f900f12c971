// SPDX-License-Identifier: Apache-2.0
#include "signals/seen_log.h"

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <vector>

namespace premura {
namespace {

std::string KeyOf(std::string_view source, std::uint64_t number) {
  return fmt::format("{}/{:016x}", source, number);
}

}  // namespace

std::string_view SeenLog::SourceOf(std::string_view key) {
  return key.substr(0, key.rfind('/'));
}

void SeenLog::Save(std::string_view source, Duration window, Timestamp clock,
                   DuplicateFilter* filter, CheckpointRecords* to) {
  bool whole = false;
  const std::vector<std::string> pieces = filter->Save(&whole);
  while (!parts_.empty() &&
         (whole || clock - parts_.front().newest >= window)) {
    to->Add(RecordKind::kSeen, KeyOf(source, parts_.front().number), {});
    parts_.pop_front();
  }
  for (const std::string& piece : pieces) {
    parts_.push_back({next_++, filter->newest()});
    to->Add(RecordKind::kSeen, KeyOf(source, parts_.back().number), piece);
  }
}

bool SeenLog::Load(std::string_view key, std::string_view bytes,
                   DuplicateFilter* filter) {
  std::uint64_t number = 0;
  const std::string_view digits = key.substr(key.rfind('/') + 1);
  const char* const end = digits.data() + digits.size();
  if (std::from_chars(digits.data(), end, number, 16).ptr != end) return false;
  if (!filter->Load(bytes)) return false;
  const Timestamp newest = filter->size() == 0 ? Timestamp{} : filter->newest();
  parts_.push_back({number, newest});
  next_ = number + 1;
  return true;
}

}  // namespace premura
