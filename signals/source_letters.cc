// SPDX-License-Identifier: Apache-2.0
#include "signals/source_letters.h"

#include <chrono>
#include <thread>

namespace premura {
namespace {

constexpr Duration kRetry = std::chrono::milliseconds(500);

}  // namespace

// A letter holds the whole record: one for each reason, however many of its
// events are refused.
bool SourceLetters::Keep(const Record& record, Refusal reason,
                         std::string_view detail) {
  const unsigned bit = 1U << static_cast<unsigned>(reason);
  if ((lettered_ & bit) != 0) return true;
  lettered_ |= bit;
  const std::string origin =
      source_->Origin(record.partition) + "@" + std::to_string(record.position);
  for (bool at_once = true;; at_once = false) {
    const Status kept = sink_->Keep(id_, origin, record, reason, detail);
    if (kept.ok()) return at_once;
    observer_->OnDeadLetterTrouble(kept.error().message);
    if (*stopping_) {
      lost_ = true;  // Read again at the next start.
      return false;
    }
    std::this_thread::sleep_for(kRetry);
  }
}

bool SourceLetters::Sync() {
  if (lost_) return false;
  const Status synced = sink_->Sync();
  if (!synced.ok()) observer_->OnDeadLetterTrouble(synced.error().message);
  return synced.ok();
}

}  // namespace premura
