// SPDX-License-Identifier: Apache-2.0
// What an observer is to be told once the transaction that did it is durable;
// dropped with the transaction if it fails.

#pragma once

#include <string>
#include <vector>

#include "notifiers/outbox.h"
#include "notifiers/outreach.h"

namespace premura {

class Told {
 public:
  void Add(OutreachObserver::Decided decided) {
    decided_.push_back(std::move(decided));
  }
  void Add(const Delivery& delivery, Timestamp now);
  void Tell(OutreachObserver* observer);

 private:
  std::vector<OutreachObserver::Decided> decided_;
  std::vector<OutreachObserver::Delivered> delivered_;
};

}  // namespace premura
