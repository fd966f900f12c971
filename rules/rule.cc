// SPDX-License-Identifier: Apache-2.0
#include "rules/rule.h"

namespace premura {

bool Bound::Holds(double value) const {
  switch (op) {
    case Op::kGt:
      return value > limit;
    case Op::kGte:
      return value >= limit;
    case Op::kLt:
      return value < limit;
    case Op::kLte:
      return value <= limit;
  }
  return false;
}

const char* ToString(Bound::Op op) {
  switch (op) {
    case Bound::Op::kGt:
      return "gt";
    case Bound::Op::kGte:
      return "gte";
    case Bound::Op::kLt:
      return "lt";
    case Bound::Op::kLte:
      return "lte";
  }
  return "";
}

const char* ToString(RuleStatus status) {
  switch (status) {
    case RuleStatus::kLive:
      return "live";
    case RuleStatus::kSimulation:
      return "simulation";
    case RuleStatus::kDisabled:
      return "disabled";
  }
  return "";
}

const char* ToString(Level level) {
  switch (level) {
    case Level::kInformational:
      return "informational";
    case Level::kLow:
      return "low";
    case Level::kMedium:
      return "medium";
    case Level::kHigh:
      return "high";
    case Level::kCritical:
      return "critical";
  }
  return "";
}

const char* ToString(Action::Channel channel) {
  switch (channel) {
    case Action::Channel::kTicket:
      return "ticket";
    case Action::Channel::kEmail:
      return "email";
    case Action::Channel::kSms:
      return "sms";
  }
  return "";
}

}  // namespace premura
