// SPDX-License-Identifier: Apache-2.0
// IdleCustomers: those of whom nothing is left but what must not be forgotten,
// each as its record, one behind the other in memory, until something concerns
// them again.
//
// Thread: the shard's.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace premura {

class IdleCustomers {
 public:
  struct View {
    std::string_view name;
    std::string_view record;   // WriteCustomer()'s.
    std::uint32_t origin = 0;  // As Customer::origin.
    bool recorded = false;     // As Customer::recorded.
  };

  IdleCustomers();
  ~IdleCustomers();

  bool empty() const { return size() == 0; }
  std::size_t size() const;
  // REQUIRES: it is not there yet. `hash` is CustomerTable::HashOf() its name.
  void Add(const View& customer, std::uint64_t hash);
  // nullopt if it is not there; live until the next change.
  std::optional<View> Find(std::string_view name, std::uint64_t hash) const;
  void Remove(std::string_view name, std::uint64_t hash);
  void SetRecorded();  // All of them.
  // Changes nothing meanwhile.
  void ForEach(const std::function<void(const View&)>& visit) const;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace premura
