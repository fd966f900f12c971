// SPDX-License-Identifier: Apache-2.0

#include "signals/dedup.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <utility>

#include "signals/keyed_hash.h"
#include "signals/varint.h"

namespace premura {

namespace {

constexpr std::size_t kFirstSize = 1024;
// Of so many entries the table's memory is fetched before it is looked at: it
// is large, and each is somewhere else.
constexpr std::size_t kFetched = 32;
// A piece is a record, and brokers take none of any size.
constexpr std::size_t kPieceBytes = std::size_t{4} << 20;

std::uint64_t Load(const char* bytes, std::size_t size) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, size);
  return word;
}

// Two independent running hashes of the same words.
class Hasher {
 public:
  explicit Hasher(const DuplicateFilter::Seeds& seeds) : seeds_(seeds) {}

  void Add(std::string_view text) {
    Add(text.size());  // Tells ("ab", "c") from ("a", "bc").
    while (text.size() >= sizeof(std::uint64_t)) {
      Add(Load(text.data(), sizeof(std::uint64_t)));
      text.remove_prefix(sizeof(std::uint64_t));
    }
    if (!text.empty()) Add(Load(text.data(), text.size()));
  }

  DuplicateFilter::Key Done() const {
    return {FoldedProduct(high_ ^ seeds_[1], seeds_[0]),
            FoldedProduct(low_ ^ seeds_[3], seeds_[2])};
  }

 private:
  void Add(std::uint64_t word) {
    high_ = FoldedProduct(high_ ^ word ^ seeds_[0], seeds_[1]) + seeds_[2];
    low_ = FoldedProduct(low_ ^ word ^ seeds_[2], seeds_[3]) + seeds_[0];
  }

  const DuplicateFilter::Seeds& seeds_;
  std::uint64_t high_ = 0;
  std::uint64_t low_ = 0;
};

}  // namespace

// The seeds differ from run to run, so that nobody can aim at a collision.
DuplicateFilter::DuplicateFilter(Duration window)
    : window_(window), table_(kFirstSize), mask_(kFirstSize - 1) {
  std::random_device random;
  for (std::uint64_t& seed : seeds_) {
    seed = (static_cast<std::uint64_t>(random()) << 32 | random()) | 1;
  }
}

DuplicateFilter::Key DuplicateFilter::KeyOf(std::string_view customer,
                                            std::string_view id) const {
  Hasher hasher(seeds_);
  hasher.Add(customer);
  hasher.Add(id);
  return hasher.Done();
}

bool DuplicateFilter::Seen(const Key& key, Timestamp clock) {
  Forget(clock);
  return table_[Find(key)].tag != 0;
}

void DuplicateFilter::Drop(std::uint32_t partition) {
  const std::size_t dropped = std::erase_if(
      first_seen_,
      [partition](const Entry& entry) { return entry.partition == partition; });
  if (dropped == 0) return;
  changed_ = true;
  Index(table_.size());
}

void DuplicateFilter::Remember(const Key& key, Timestamp clock,
                               std::uint32_t partition) {
  if (window_ <= Duration::zero()) return;
  Add({key, clock, partition});
  ++unsaved_;
}

void DuplicateFilter::Add(const Entry& entry) {
  MakeRoom(1);
  Place(entry.key, oldest_ + static_cast<std::uint32_t>(first_seen_.size()));
  first_seen_.push_back(entry);
}

void DuplicateFilter::MakeRoom(std::size_t more) {
  std::size_t slots = table_.size();
  while ((first_seen_.size() + more) * 4 > slots * 3) slots *= 2;
  if (slots != table_.size()) Index(slots);
}

void DuplicateFilter::Begin(Timestamp clock) {
  for (Entry& entry : first_seen_) entry.clock = clock;
  changed_ = true;
}

// Per entry: its key, the time since the one before in the piece, its
// partition.
std::vector<std::string> DuplicateFilter::Save(bool* whole) {
  *whole = std::exchange(changed_, false);
  const std::size_t count =
      *whole ? first_seen_.size() : std::min(unsaved_, first_seen_.size());
  unsaved_ = 0;
  std::vector<std::string> pieces;
  Timestamp before{};
  for (auto it = first_seen_.end() - static_cast<std::ptrdiff_t>(count);
       it != first_seen_.end(); ++it) {
    if (pieces.empty() || pieces.back().size() >= kPieceBytes) {
      pieces.emplace_back();
      before = {};
    }
    std::string& piece = pieces.back();
    piece.append(reinterpret_cast<const char*>(&it->key), sizeof it->key);
    AppendVarint(Zigzag((it->clock - before).count()), &piece);
    AppendVarint(it->partition, &piece);
    before = it->clock;
  }
  return pieces;
}

bool DuplicateFilter::Load(std::string_view saved) {
  constexpr std::size_t kLeast = sizeof(Key) + 2;  // Bytes of an entry.
  MakeRoom(saved.size() / kLeast);
  std::array<Entry, kFetched> entries{};
  Timestamp clock{};
  while (!saved.empty()) {
    std::size_t count = 0;
    for (; count < entries.size() && !saved.empty(); ++count) {
      if (!TakeEntry(&saved, clock, &entries[count])) return false;
      clock = entries[count].clock;
      Fetch(entries[count].key);
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (table_[Find(entries[i].key)].tag == 0) Add(entries[i]);
    }
  }
  return true;
}

bool DuplicateFilter::TakeEntry(std::string_view* from, Timestamp before,
                                Entry* entry) {
  std::uint64_t since = 0;
  std::uint64_t partition = 0;
  if (from->size() < sizeof entry->key) return false;
  from->copy(reinterpret_cast<char*>(&entry->key), sizeof entry->key);
  from->remove_prefix(sizeof entry->key);
  if (!TakeVarint(from, &since) || !TakeVarint(from, &partition)) return false;
  entry->clock = before + Duration(Unzigzag(since));
  entry->partition = static_cast<std::uint32_t>(partition);
  return true;
}

void DuplicateFilter::Forget(Timestamp clock) {
  while (!first_seen_.empty() && clock - first_seen_.front().clock >= window_) {
    Erase(first_seen_.front().key);
    first_seen_.pop_front();
    ++oldest_;
  }
}

std::size_t DuplicateFilter::Find(const Key& key) const {
  const std::uint32_t tag = TagOf(key);
  std::size_t at = tag & mask_;
  for (; table_[at].tag != 0; at = (at + 1) & mask_) {
    if (table_[at].tag == tag && EntryOf(table_[at]).key == key) break;
  }
  return at;
}

// Moves what follows back, so that no search ends at the gap too early.
void DuplicateFilter::Erase(const Key& key) {
  std::size_t gap = Find(key);
  for (std::size_t at = (gap + 1) & mask_; table_[at].tag != 0;
       at = (at + 1) & mask_) {
    const std::size_t distance = (at - table_[at].tag) & mask_;
    if (distance >= ((at - gap) & mask_)) {
      table_[gap] = table_[at];
      gap = at;
    }
  }
  table_[gap] = {};
}

void DuplicateFilter::Index(std::size_t slots) {
  table_.assign(slots, Slot{});
  mask_ = slots - 1;
  for (std::size_t i = 0; i < first_seen_.size(); ++i) {
    if (i + kFetched < first_seen_.size()) Fetch(first_seen_[i + kFetched].key);
    Place(first_seen_[i].key, oldest_ + static_cast<std::uint32_t>(i));
  }
}

void DuplicateFilter::Place(const Key& key, std::uint32_t number) {
  std::size_t at = TagOf(key) & mask_;
  while (table_[at].tag != 0) at = (at + 1) & mask_;
  table_[at] = {number, TagOf(key)};
}

}  // namespace premura
