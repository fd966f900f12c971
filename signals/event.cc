// SPDX-License-Identifier: Apache-2.0

#include "signals/event.h"

#include <utility>

#include "signals/arena.h"

namespace premura {

class EventBatch::Arena final : public premura::Arena {
 public:
  Arena() : premura::Arena(std::size_t{64} << 10) {}
};

EventBatch::EventBatch() = default;
EventBatch::EventBatch(EventBatch&&) noexcept = default;
EventBatch& EventBatch::operator=(EventBatch&&) noexcept = default;
EventBatch::~EventBatch() = default;

void EventBatch::Add(const Event& event) {
  if (!arena_) arena_ = std::make_unique<Arena>();
  items_.push_back({.what = Item::What::kEvent,
                    .index = static_cast<std::uint32_t>(events_.size())});
  events_.push_back(arena_->Copy(event));
}

void EventBatch::Add(ProfileChange change) {
  items_.push_back({.what = Item::What::kProfile,
                    .index = static_cast<std::uint32_t>(profiles_.size())});
  for (const ProfileChange::Entry& entry : change.entries) {
    profile_bytes_ += sizeof(entry) + entry.path.size() + entry.json.size();
  }
  profiles_.push_back(std::move(change));
}

void EventBatch::AddClock(Timestamp clock) {
  items_.push_back({.what = Item::What::kClock, .clock = clock});
}

std::size_t EventBatch::bytes() const {
  return items_.size() * sizeof(Item) + events_.size() * sizeof(Event) +
         profiles_.size() * sizeof(ProfileChange) + profile_bytes_ +
         (arena_ ? arena_->bytes() : 0);
}

void EventBatch::Clear() {
  items_.clear();
  events_.clear();
  profiles_.clear();
  profile_bytes_ = 0;
  if (arena_) arena_->Reset();
}

}  // namespace premura
