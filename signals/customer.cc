// SPDX-License-Identifier: Apache-2.0

#include "signals/customer.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>

namespace premura {

namespace {

// Beside the customer, so that most look-ups touch only the right one.
struct Entry {
  std::uint64_t hash;
  Customer* customer;
};

struct Wanted {
  std::uint64_t hash;
  std::string_view name;
};

struct HashOfEntry {
  using is_transparent = void;  // NOLINT: the standard's name.
  using is_avalanching = void;  // NOLINT: Boost's name.
  std::size_t operator()(const Entry& entry) const { return entry.hash; }
  std::size_t operator()(const Wanted& wanted) const { return wanted.hash; }
  std::size_t operator()(std::uint64_t hash) const { return hash; }
};

struct SameEntry {
  using is_transparent = void;  // NOLINT: the standard's name.
  bool operator()(const Entry& a, const Entry& b) const {
    return a.customer == b.customer;
  }
  bool operator()(const Wanted& wanted, const Entry& entry) const {
    return wanted.hash == entry.hash && wanted.name == entry.customer->name;
  }
  bool operator()(std::uint64_t hash, const Entry& entry) const {
    return hash == entry.hash;
  }
  template <typename A>
  bool operator()(const Entry& entry, const A& a) const {
    return (*this)(a, entry);
  }
};

// As std::lower_bound(), but without a branch to guess wrong.
template <typename TrackType>
TrackType* LowerBound(TrackType* tracks, std::size_t size, std::uint64_t key) {
  while (size > 1) {
    const std::size_t half = size / 2;
    tracks += half * static_cast<std::size_t>(tracks[half - 1].key() < key);
    size -= half;
  }
  return size == 1 && tracks->key() < key ? tracks + 1 : tracks;
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
    if (hash == 0) hash = 1;
  }
  return (std::uint64_t{slot} << 32) | hash;
}

const Track* Customer::Find(std::uint64_t key, std::string_view group) const {
  const Track* const end = tracks.data() + tracks.size();
  for (const Track* it = LowerBound(tracks.data(), tracks.size(), key);
       it != end && it->key() == key; ++it) {
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
       it != end && it->key() == key; ++it) {
    const State* const state = it->state();
    if (state != nullptr && state->queued == due) return it;
  }
  return nullptr;
}

Track* Customer::FindHeld(std::uint64_t key, Timestamp due) {
  Track* const end = tracks.data() + tracks.size();
  for (Track* it = LowerBound(tracks.data(), tracks.size(), key);
       it != end && it->key() == key; ++it) {
    const State* const state = it->state();
    if (state == nullptr || state->queued != kHeld) continue;
    if (state->due == due) return it;
  }
  return nullptr;
}

Track& Customer::Add(std::uint64_t key, std::unique_ptr<Group> group) {
  // Most of what there is in memory are tracks: no more room than is needed.
  if (tracks.size() == tracks.capacity()) {
    tracks.reserve(tracks.size() + 1 + tracks.size() / 8);
  }
  const Track* place = LowerBound(tracks.data(), tracks.size(), key);
  return *tracks.insert(tracks.begin() + (place - tracks.data()),
                        Track(key, std::move(group)));
}

void Customer::PrefetchTracks() const {
  constexpr std::size_t kMostLines = 16;
  PrefetchLines(tracks.data(),
                std::min(kMostLines, (tracks.size() * sizeof(Track)) / 64 + 1));
}

// --- CustomerTable ----------------------------------------------------------

class CustomerTable::Impl {
 public:
  boost::unordered_flat_set<Entry, HashOfEntry, SameEntry> customers;
};

CustomerTable::CustomerTable() : impl_(std::make_unique<Impl>()) {}

CustomerTable::~CustomerTable() {
  for (const Entry& entry : impl_->customers) delete entry.customer;
}

std::uint64_t CustomerTable::HashOf(std::string_view name) {
  return std::hash<std::string_view>()(name);
}

Customer* CustomerTable::Find(std::string_view name, std::uint64_t hash) const {
  const auto found = impl_->customers.find(Wanted{hash, name});
  return found == impl_->customers.end() ? nullptr : found->customer;
}

Customer* CustomerTable::Prefetch(std::uint64_t hash) const {
  constexpr std::size_t kLines = (sizeof(Customer) + 63) / 64;
  const auto found = impl_->customers.find(hash);
  if (found == impl_->customers.end()) return nullptr;
  PrefetchLines(found->customer, kLines);
  return found->customer;
}

Customer& CustomerTable::Add(std::string_view name) {
  auto customer = std::make_unique<Customer>();
  customer->name = name;
  impl_->customers.insert({HashOf(name), customer.get()});
  return *customer.release();
}

void CustomerTable::Remove(Customer* customer) {
  impl_->customers.erase(Entry{HashOf(customer->name), customer});
  delete customer;
}

std::size_t CustomerTable::size() const { return impl_->customers.size(); }

void CustomerTable::ForEach(const std::function<void(Customer&)>& visit) const {
  const std::vector<Entry> all(impl_->customers.begin(),
                               impl_->customers.end());
  for (const Entry& entry : all) visit(*entry.customer);
}

}  // namespace premura
