// SPDX-License-Identifier: Apache-2.0

#include "signals/idle_customers.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

namespace premura {

namespace {

// The name and the record follow it. One lies behind the other in a chunk: if
// each were allocated they would keep pages that hold nothing else.
struct alignas(8) Block {
  std::uint64_t hash;
  std::uint32_t chunk;
  std::uint32_t origin;
  std::uint32_t record_size;
  std::uint16_t name_size;
  bool recorded;
  bool live;

  static std::size_t SizeFor(std::size_t bytes) {
    return (sizeof(Block) + bytes + alignof(Block) - 1) / alignof(Block) *
           alignof(Block);
  }
  std::size_t size() const {
    return SizeFor(std::size_t{name_size} + record_size);
  }
  char* bytes() { return reinterpret_cast<char*>(this + 1); }
  std::string_view name() { return {bytes(), name_size}; }
  IdleCustomers::View view() {
    return {name(), {bytes() + name_size, record_size}, origin, recorded};
  }
};

struct Chunk {
  std::unique_ptr<std::byte[]> memory;
  std::size_t size = 0;
  std::size_t used = 0;
  std::size_t live = 0;
};

struct Entry {
  std::uint64_t hash;
  Block* block;
};

struct Wanted {
  std::uint64_t hash;
  std::string_view name;
};

struct Hash {
  using is_transparent = void;  // NOLINT: the standard's name.
  using is_avalanching = void;  // NOLINT: Boost's name.
  std::size_t operator()(const Entry& entry) const { return entry.hash; }
  std::size_t operator()(const Wanted& wanted) const { return wanted.hash; }
};

struct Same {
  using is_transparent = void;  // NOLINT: the standard's name.
  bool operator()(const Entry& a, const Entry& b) const {
    return a.block == b.block;
  }
  bool operator()(const Wanted& wanted, const Entry& entry) const {
    return wanted.hash == entry.hash && wanted.name == entry.block->name();
  }
  bool operator()(const Entry& entry, const Wanted& wanted) const {
    return (*this)(wanted, entry);
  }
};

}  // namespace

class IdleCustomers::Impl {
 public:
  Block* Allocate(std::size_t size);
  void Remove(const Entry& entry);

  boost::unordered_flat_set<Entry, Hash, Same> entries;

 private:
  void Empty(Chunk* chunk);

  std::vector<Chunk> chunks_;
  std::vector<std::uint32_t> free_;  // Chunks without memory.
  std::uint32_t current_ = 0;        // Is being filled.
};

Block* IdleCustomers::Impl::Allocate(std::size_t size) {
  constexpr std::size_t kChunk = std::size_t{256} << 10;
  if (chunks_.empty() ||
      chunks_[current_].size - chunks_[current_].used < size) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(chunks_.size()));
      chunks_.emplace_back();
    }
    current_ = free_.back();
    free_.pop_back();
    Chunk& next = chunks_[current_];
    next.size = std::max(size, kChunk);
    next.memory = std::make_unique_for_overwrite<std::byte[]>(next.size);
  }
  Chunk& chunk = chunks_[current_];
  auto* const block = new (chunk.memory.get() + chunk.used) Block;
  block->chunk = current_;
  block->live = true;
  chunk.used += size;
  chunk.live += size;
  return block;
}

void IdleCustomers::Impl::Remove(const Entry& entry) {
  Block* const block = entry.block;
  Chunk& chunk = chunks_[block->chunk];
  block->live = false;
  chunk.live -= block->size();
  const std::uint32_t number = block->chunk;
  entries.erase(entry);
  if (number == current_ || chunk.live > chunk.used / 2) return;
  Chunk old = std::exchange(chunk, {});
  free_.push_back(number);
  Empty(&old);
}

// What is live goes where there is room; that is less than half of it.
void IdleCustomers::Impl::Empty(Chunk* chunk) {
  for (std::size_t at = 0; at < chunk->used;) {
    auto* const from = reinterpret_cast<Block*>(chunk->memory.get() + at);
    const std::size_t size = from->size();
    at += size;
    if (!from->live) continue;
    Block* const to = Allocate(size);
    const std::uint32_t number = to->chunk;
    entries.erase(Entry{from->hash, from});
    std::memcpy(to, from, size);
    to->chunk = number;
    entries.insert({to->hash, to});
  }
}

IdleCustomers::IdleCustomers() : impl_(std::make_unique<Impl>()) {}

IdleCustomers::~IdleCustomers() = default;

std::size_t IdleCustomers::size() const { return impl_->entries.size(); }

void IdleCustomers::Add(const View& customer, std::uint64_t hash) {
  Block* const block = impl_->Allocate(
      Block::SizeFor(customer.name.size() + customer.record.size()));
  block->hash = hash;
  block->origin = customer.origin;
  block->record_size = static_cast<std::uint32_t>(customer.record.size());
  block->name_size = static_cast<std::uint16_t>(customer.name.size());
  block->recorded = customer.recorded;
  std::memcpy(block->bytes(), customer.name.data(), customer.name.size());
  std::memcpy(block->bytes() + customer.name.size(), customer.record.data(),
              customer.record.size());
  impl_->entries.insert({hash, block});
}

std::optional<IdleCustomers::View> IdleCustomers::Find(
    std::string_view name, std::uint64_t hash) const {
  const auto found = impl_->entries.find(Wanted{hash, name});
  if (found == impl_->entries.end()) return std::nullopt;
  return found->block->view();
}

void IdleCustomers::Remove(std::string_view name, std::uint64_t hash) {
  const auto found = impl_->entries.find(Wanted{hash, name});
  if (found != impl_->entries.end()) impl_->Remove(Entry(*found));
}

void IdleCustomers::SetRecorded() {
  for (const Entry& entry : impl_->entries) entry.block->recorded = true;
}

void IdleCustomers::ForEach(
    const std::function<void(const View&)>& visit) const {
  for (const Entry& entry : impl_->entries) visit(entry.block->view());
}

}  // namespace premura
