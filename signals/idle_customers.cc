// SPDX-License-Identifier: Apache-2.0

#include "signals/idle_customers.h"

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstring>
#include <new>

namespace premura {

namespace {

// The name and the record follow it.
struct Block {
  std::uint32_t origin;
  std::uint32_t record_size;
  std::uint16_t name_size;
  bool recorded;

  char* bytes() { return reinterpret_cast<char*>(this + 1); }
  std::string_view name() { return {bytes(), name_size}; }
  IdleCustomers::View view() {
    return {name(), {bytes() + name_size, record_size}, origin, recorded};
  }
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
  boost::unordered_flat_set<Entry, Hash, Same> entries;
};

IdleCustomers::IdleCustomers() : impl_(std::make_unique<Impl>()) {}

IdleCustomers::~IdleCustomers() {
  for (const Entry& entry : impl_->entries) ::operator delete(entry.block);
}

std::size_t IdleCustomers::size() const { return impl_->entries.size(); }

void IdleCustomers::Add(const View& customer, std::uint64_t hash) {
  void* const memory = ::operator new(sizeof(Block) + customer.name.size() +
                                      customer.record.size());
  auto* const block = new (memory) Block{
      customer.origin, static_cast<std::uint32_t>(customer.record.size()),
      static_cast<std::uint16_t>(customer.name.size()), customer.recorded};
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
  if (found == impl_->entries.end()) return;
  Block* const block = found->block;
  impl_->entries.erase(found);
  ::operator delete(block);
}

void IdleCustomers::SetRecorded() {
  for (const Entry& entry : impl_->entries) entry.block->recorded = true;
}

void IdleCustomers::ForEach(
    const std::function<void(const View&)>& visit) const {
  for (const Entry& entry : impl_->entries) visit(entry.block->view());
}

}  // namespace premura
