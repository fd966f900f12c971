// SPDX-License-Identifier: Apache-2.0
// Changes: which customers are to be written down anew, and whose records can
// go. Before Begin() it keeps no account.
//
// Thread: the shard's.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "signals/customer.h"

namespace premura {

class Changes {
 public:
  bool begun() const { return begun_; }
  void Begin() { begun_ = true; }

  void Mark(Customer* customer) {
    if (!begun_ || customer->changed != 0) return;
    customers_.push_back(customer);
    customer->changed = static_cast<std::uint32_t>(customers_.size());
  }
  // The customer is about to leave memory.
  void Remove(Customer* customer) {
    if (customer->recorded) gone_.push_back(customer->name);
    if (customer->changed == 0) return;
    Customer* const last = customers_.back();
    customers_[customer->changed - 1] = last;
    last->changed = customer->changed;
    customers_.pop_back();
  }
  // There is a record of the customer, who is not in memory.
  void MarkGone(std::string_view name) { gone_.emplace_back(name); }

  // What has come together since the last call.
  std::vector<Customer*> Take() {
    for (Customer* customer : customers_) customer->changed = 0;
    return std::exchange(customers_, {});
  }
  // Some may be in memory again.
  std::vector<std::string> TakeGone() { return std::exchange(gone_, {}); }

 private:
  bool begun_ = false;
  std::vector<Customer*> customers_;
  std::vector<std::string> gone_;
};

}  // namespace premura
