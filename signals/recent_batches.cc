// SPDX-License-Identifier: Apache-2.0

#include "signals/recent_batches.h"

#include <algorithm>
#include <utility>

namespace premura {

namespace {

using What = EventBatch::Item::What;

constexpr std::size_t kSmall = std::size_t{64} << 10;

void AddOf(std::string_view customer, const EventBatch& batch,
           std::vector<const Event*>* events) {
  for (const EventBatch::Item& item : batch.items()) {
    if (item.what != What::kEvent) continue;
    const Event& event = batch.event(item.index);
    if (event.customer == customer) events->push_back(&event);
  }
}

}  // namespace

void RecentBatches::Add(EventBatch batch, std::vector<EventBatch>* spare) {
  if (batch.bytes() < kSmall) {
    for (const EventBatch::Item& item : batch.items()) {
      if (item.what == What::kEvent) tail_.Add(batch.event(item.index));
    }
    spare->push_back(std::move(batch));
    if (tail_.bytes() < kSmall) return;
    Keep(std::exchange(tail_, {}));
  } else {
    if (!tail_.empty()) Keep(std::exchange(tail_, {}));
    Keep(std::move(batch));
  }
  while (bytes_ > most_bytes_) {
    bytes_ -= batches_.front().bytes();
    spare->push_back(std::move(batches_.front()));
    batches_.pop_front();
  }
}

void RecentBatches::Keep(EventBatch batch) {
  bytes_ += batch.bytes();
  batches_.push_back(std::move(batch));
}

void RecentBatches::Clear() {
  batches_.clear();
  bytes_ = 0;
  tail_ = {};
}

std::vector<const Event*> RecentBatches::Of(std::string_view customer,
                                            std::size_t most) const {
  std::vector<const Event*> events;
  for (const EventBatch& batch : batches_) AddOf(customer, batch, &events);
  AddOf(customer, tail_, &events);
  const std::size_t old = events.size() - std::min(events.size(), most);
  events.erase(events.begin(),
               events.begin() + static_cast<std::ptrdiff_t>(old));
  return events;
}

}  // namespace premura
