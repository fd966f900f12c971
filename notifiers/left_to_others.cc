// SPDX-License-Identifier: Apache-2.0
#include "notifiers/left_to_others.h"

#include "rules/rule_set.h"

namespace premura {
namespace {

constexpr Duration kLookAgain = std::chrono::seconds(5);

bool IsKnownHere(const Delivery& delivery, const OutreachSettings& settings) {
  if (!settings.rules) return true;
  const Rule* const rule = settings.rules->Find(delivery.rule);
  if (rule == nullptr || rule->status != RuleStatus::kLive) return false;
  // What has been tried is written already.
  return !delivery.message.empty() || !settings.templates ||
         settings.templates->Has(delivery.template_name, delivery.channel);
}

}  // namespace

Result<bool> LeftToOthers::Leave(const Delivery& delivery,
                                 const OutreachSettings& settings,
                                 Timestamp now) {
  if (!shared_ || IsKnownHere(delivery, settings)) return false;
  const RuleAndTemplate made_by(delivery.rule, delivery.template_name);
  if (left_.contains(made_by)) return true;
  bool leave = delivery.due_at && now - *delivery.due_at < kPatience;
  if (!leave) {
    const auto differ = lease_->OthersRunOtherRules();
    if (!differ.ok()) return differ.error();
    leave = differ.value();
  }
  if (!leave) return false;
  if (left_.empty()) again_at_ = now + kLookAgain;
  left_.insert(made_by);
  return true;
}

std::optional<Timestamp> LeftToOthers::again_at() const {
  if (left_.empty()) return std::nullopt;
  return again_at_;
}

// A clock put back must not make it wait.
void LeftToOthers::LookAgain(Timestamp now) {
  if (now >= again_at_ || again_at_ - now > kLookAgain) left_.clear();
}

}  // namespace premura
