// SPDX-License-Identifier: Apache-2.0

#include "signals/customer.h"

#include <algorithm>

#include "signals/keyed_hash.h"

namespace premura {

namespace {

// Beside the customer, so that most look-ups touch only the right one.
struct Entry {
  std::uint64_t hash = 0;
  Customer* customer = nullptr;  // Without: it is free.
};

// As std::lower_bound(), but looks first where it guesses, then in steps twice
// as far each: few lines of memory are touched where the guess is good.
template <typename TrackType>
TrackType* LowerBound(TrackType* tracks, std::size_t size, std::uint64_t key,
                      std::size_t guess) {
  std::size_t begin = 0;
  std::size_t end = size;
  std::size_t step = 1;
  if (guess < size && tracks[guess].key() < key) {
    begin = guess + 1;
    while (begin + step <= end && tracks[begin + step - 1].key() < key) {
      begin += step;
      step *= 2;
    }
    end = std::min(end, begin + step - 1);
  } else {
    end = std::min(guess, size);
    while (step <= end && tracks[end - step].key() >= key) {
      end -= step;
      step *= 2;
    }
    begin = step <= end ? end - step + 1 : 0;
  }
  return std::lower_bound(tracks + begin, tracks + end, key,
                          [](const Track& track, std::uint64_t wanted) {
                            return track.key() < wanted;
                          });
}

std::vector<Episodes>::const_iterator PlaceOf(
    const std::vector<Episodes>& episodes, std::uint64_t key,
    const Group* group) {
  return std::lower_bound(episodes.begin(), episodes.end(),
                          std::pair(key, group),
                          [](const Episodes& a, const auto& wanted) {
                            return std::pair(a.key, a.group) < wanted;
                          });
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

const Track* Customer::Find(std::uint64_t key, std::string_view group,
                            std::size_t slots) const {
  const Track* const end = tracks.data() + tracks.size();
  for (const Track* it =
           LowerBound(tracks.data(), tracks.size(), key, Guess(key, slots));
       it != end && it->key() == key; ++it) {
    if (it->group_key() == group) return it;
  }
  return nullptr;
}

Track* Customer::Find(std::uint64_t key, std::string_view group,
                      std::size_t slots) {
  return const_cast<Track*>(std::as_const(*this).Find(key, group, slots));
}

Track* Customer::FindReminded(std::uint64_t key, Timestamp due) {
  Track* const end = tracks.data() + tracks.size();
  for (Track* it =
           LowerBound(tracks.data(), tracks.size(), key, tracks.size() / 2);
       it != end && it->key() == key; ++it) {
    const State* const state = it->state();
    if (state != nullptr && state->queued == due) return it;
  }
  return nullptr;
}

Track* Customer::FindHeld(std::uint64_t key, Timestamp due) {
  Track* const end = tracks.data() + tracks.size();
  for (Track* it =
           LowerBound(tracks.data(), tracks.size(), key, tracks.size() / 2);
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
  const Track* place =
      LowerBound(tracks.data(), tracks.size(), key, tracks.size() / 2);
  return *tracks.insert(tracks.begin() + (place - tracks.data()),
                        Track(key, std::move(group)));
}

const Episodes* Customer::FindEpisodes(const Track& track) const {
  const auto place = PlaceOf(episodes, track.key(), track.group());
  const bool there = place != episodes.end() && place->key == track.key() &&
                     place->group == track.group();
  return there ? &*place : nullptr;
}

Episodes& Customer::EpisodesOf(std::uint64_t key, const Group* group) {
  const auto place = PlaceOf(episodes, key, group);
  if (place != episodes.end() && place->key == key && place->group == group) {
    return episodes[static_cast<std::size_t>(place - episodes.begin())];
  }
  return *episodes.insert(place, {.key = key, .group = group});
}

void Customer::DropEpisodes(const Track& track) {
  const Episodes* const found = FindEpisodes(track);
  if (found != nullptr) {
    episodes.erase(episodes.begin() + (found - episodes.data()));
  }
}

std::size_t Customer::Groups(std::uint32_t slot) const {
  const auto before = [this](std::uint64_t key) {
    return LowerBound(tracks.data(), tracks.size(), key, tracks.size() / 2);
  };
  return static_cast<std::size_t>(before((std::uint64_t{slot} + 1) << 32) -
                                  before(std::uint64_t{slot} << 32));
}

std::size_t Customer::Guess(std::uint64_t key, std::size_t slots) const {
  if (slots == 0) return tracks.size() / 2;
  return static_cast<std::size_t>(key >> 32) * tracks.size() / slots;
}

void Customer::PrefetchTrack(std::uint64_t key, std::size_t slots) const {
  // As a number: it may lie beyond them all.
  const std::uintptr_t track = reinterpret_cast<std::uintptr_t>(tracks.data()) +
                               Guess(key, slots) * sizeof(Track);
  PrefetchLines(reinterpret_cast<const void*>(track - sizeof(Track)), 2);
}

void Customer::PrefetchTracks() const {
  constexpr std::size_t kMostLines = 16;
  PrefetchLines(tracks.data(),
                std::min(kMostLines, (tracks.size() * sizeof(Track)) / 64 + 1));
}

// --- CustomerTable ----------------------------------------------------------

// Each entry lies at its hash's place or, where that is taken, at the next free
// one behind it, so that a look-up is one line of memory, known in advance.
class CustomerTable::Impl {
 public:
  std::size_t size() const { return size_; }
  const std::vector<Entry>& entries() const { return entries_; }
  // Where those of the hash begin.
  const Entry* First(std::uint64_t hash) const {
    return &entries_[hash & mask()];
  }

  // The first entry that `is` wants; nullptr if there is none.
  template <typename Test>
  Customer* Find(std::uint64_t hash, const Test& is) const {
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      const Entry& entry = entries_[at];
      if (entry.customer == nullptr) return nullptr;
      if (entry.hash == hash && is(*entry.customer)) return entry.customer;
    }
  }

  void Add(const Entry& entry) {
    if ((size_ + 1) * 8 > entries_.size() * 7) Grow();
    Put(entry);
    ++size_;
  }

  // Those behind it move up, until one is where it belongs.
  void Remove(const Entry& entry) {
    std::size_t hole = entry.hash & mask();
    while (entries_[hole].customer != entry.customer)
      hole = (hole + 1) & mask();
    for (std::size_t at = (hole + 1) & mask(); entries_[at].customer != nullptr;
         at = (at + 1) & mask()) {
      const std::size_t place = entries_[at].hash & mask();
      if (((at - place) & mask()) < ((at - hole) & mask())) continue;
      entries_[hole] = entries_[at];
      hole = at;
    }
    entries_[hole] = {};
    --size_;
  }

 private:
  std::size_t mask() const { return entries_.size() - 1; }

  void Put(const Entry& entry) {
    std::size_t at = entry.hash & mask();
    while (entries_[at].customer != nullptr) at = (at + 1) & mask();
    entries_[at] = entry;
  }

  void Grow() {
    std::vector<Entry> old(2 * entries_.size());
    old.swap(entries_);
    for (const Entry& entry : old) {
      if (entry.customer != nullptr) Put(entry);
    }
  }

  std::vector<Entry> entries_{16};  // Always a power of two, never full.
  std::size_t size_ = 0;
};

CustomerTable::CustomerTable() : impl_(std::make_unique<Impl>()) {}

CustomerTable::~CustomerTable() {
  for (const Entry& entry : impl_->entries()) delete entry.customer;
}

std::uint64_t CustomerTable::HashOf(std::string_view name) {
  return KeyedHash(name);
}

Customer* CustomerTable::Find(std::string_view name, std::uint64_t hash) const {
  return impl_->Find(hash,
                     [name](const Customer& one) { return one.name == name; });
}

void CustomerTable::Prefetch(std::uint64_t hash) const {
  __builtin_prefetch(impl_->First(hash));
}

Customer* CustomerTable::PrefetchCustomer(std::uint64_t hash) const {
  constexpr std::size_t kLines = (sizeof(Customer) + 63) / 64;
  Customer* const found =
      impl_->Find(hash, [](const Customer&) { return true; });
  if (found != nullptr) PrefetchLines(found, kLines);
  return found;
}

Customer& CustomerTable::Add(std::string_view name) {
  auto customer = std::make_unique<Customer>();
  customer->name = name;
  impl_->Add({HashOf(name), customer.get()});
  return *customer.release();
}

void CustomerTable::Remove(Customer* customer) {
  impl_->Remove({HashOf(customer->name), customer});
  delete customer;
}

std::size_t CustomerTable::size() const { return impl_->size(); }

void CustomerTable::ForEach(const std::function<void(Customer&)>& visit) const {
  std::vector<Customer*> all;
  all.reserve(size());
  for (const Entry& entry : impl_->entries()) {
    if (entry.customer != nullptr) all.push_back(entry.customer);
  }
  for (Customer* const customer : all) visit(*customer);
}

}  // namespace premura
