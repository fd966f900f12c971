// SPDX-License-Identifier: Apache-2.0

#include "signals/customer.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>

namespace premura {

namespace {

struct NameHash {
  using is_transparent = void;  // NOLINT: the standard's name.
  using is_avalanching = void;  // NOLINT: Boost's name.
  std::size_t operator()(std::string_view name) const {
    return std::hash<std::string_view>()(name);
  }
  std::size_t operator()(const Customer* customer) const {
    return (*this)(std::string_view(customer->name));
  }
};

struct SameName {
  using is_transparent = void;  // NOLINT: the standard's name.
  static std::string_view NameOf(std::string_view name) { return name; }
  static std::string_view NameOf(const Customer* customer) {
    return customer->name;
  }
  template <typename A, typename B>
  bool operator()(const A& a, const B& b) const {
    return NameOf(a) == NameOf(b);
  }
};

// As std::lower_bound(), but without a branch to guess wrong.
template <typename TrackType>
TrackType* LowerBound(TrackType* tracks, std::size_t size, std::uint64_t key) {
  while (size > 1) {
    const std::size_t half = size / 2;
    tracks += half * static_cast<std::size_t>(tracks[half - 1].key < key);
    size -= half;
  }
  return size == 1 && tracks->key < key ? tracks + 1 : tracks;
}

}  // namespace

// --- Customer ---------------------------------------------------------------

std::uint64_t TrackKey(std::uint32_t slot, std::string_view group) {
  // FNV-1a: the order in which groups' timers go off depends on it.
  std::uint32_t hash = 0;
  if (!group.empty()) {
    hash = 2166136261U;
    for (const char c : group) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    }
  }
  return (std::uint64_t{slot} << 32) | hash;
}

const Track* Customer::Find(std::uint64_t key, std::string_view group) const {
  const Track* const end = tracks.data() + tracks.size();
  for (const Track* it = LowerBound(tracks.data(), tracks.size(), key);
       it != end && it->key == key; ++it) {
    if (it->group_key() == group) return it;
  }
  return nullptr;
}

Track* Customer::Find(std::uint64_t key, std::string_view group) {
  return const_cast<Track*>(std::as_const(*this).Find(key, group));
}

Track* Customer::FindReminded(std::uint64_t key, Timestamp due) {
  Track* const end = tracks.data() + tracks.size();
  for (Track* it = LowerBound(tracks.data(), tracks.size(), key);
       it != end && it->key == key; ++it) {
    if (it->state != nullptr && it->state->queued == due) return it;
  }
  return nullptr;
}

Track* Customer::FindHeld(std::uint64_t key, Timestamp due) {
  Track* const end = tracks.data() + tracks.size();
  for (Track* it = LowerBound(tracks.data(), tracks.size(), key);
       it != end && it->key == key; ++it) {
    if (it->state == nullptr || it->state->queued != kHeld) continue;
    if (it->state->due == due) return it;
  }
  return nullptr;
}

Track& Customer::Add(std::uint64_t key, std::unique_ptr<Group> group) {
  Track track;
  track.key = key;
  track.group = std::move(group);
  // Most of what there is in memory are tracks: no more room than is needed.
  if (tracks.size() == tracks.capacity()) {
    tracks.reserve(tracks.size() + 1 + tracks.size() / 8);
  }
  const Track* place = LowerBound(tracks.data(), tracks.size(), key);
  return *tracks.insert(tracks.begin() + (place - tracks.data()),
                        std::move(track));
}

void Customer::Prefetch() const {
  constexpr std::size_t kMostLines = 16;
  PrefetchLines(tracks.data(),
                std::min(kMostLines, (tracks.size() * sizeof(Track)) / 64 + 1));
}

// --- CustomerTable ----------------------------------------------------------

class CustomerTable::Impl {
 public:
  boost::unordered_flat_set<Customer*, NameHash, SameName> customers;
};

CustomerTable::CustomerTable() : impl_(std::make_unique<Impl>()) {}

CustomerTable::~CustomerTable() {
  for (Customer* customer : impl_->customers) delete customer;
}

Customer* CustomerTable::Find(std::string_view name) const {
  const auto found = impl_->customers.find(name);
  return found == impl_->customers.end() ? nullptr : *found;
}

Customer& CustomerTable::Add(std::string_view name) {
  auto customer = std::make_unique<Customer>();
  customer->name = name;
  impl_->customers.insert(customer.get());
  return *customer.release();
}

void CustomerTable::Remove(Customer* customer) {
  impl_->customers.erase(customer);
  delete customer;
}

std::size_t CustomerTable::size() const { return impl_->customers.size(); }

void CustomerTable::ForEach(const std::function<void(Customer&)>& visit) const {
  const std::vector<Customer*> all(impl_->customers.begin(),
                                   impl_->customers.end());
  for (Customer* customer : all) visit(*customer);
}

}  // namespace premura
