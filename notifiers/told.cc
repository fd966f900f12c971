// SPDX-License-Identifier: Apache-2.0
#include "notifiers/told.h"

namespace premura {

void Told::Add(const Delivery& delivery, Timestamp now) {
  OutreachObserver::Delivered told;
  told.customer = delivery.customer;
  told.rule = delivery.rule;
  told.detection = delivery.detection;
  told.channel = delivery.channel;
  told.action = delivery.action;
  told.delivery = delivery.key;
  told.state = ToString(delivery.state);
  told.reason = delivery.reason;
  told.detail = delivery.detail;
  told.attempt = delivery.attempts;
  told.since_detection = now - delivery.detected_at;
  delivered_.push_back(std::move(told));
}

void Told::Tell(OutreachObserver* observer) {
  for (const auto& decided : decided_) observer->OnDecided(decided);
  for (const auto& delivered : delivered_) observer->OnDelivered(delivered);
  decided_.clear();
  delivered_.clear();
}

}  // namespace premura
