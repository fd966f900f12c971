// SPDX-License-Identifier: Apache-2.0
// The names that a template may use: a closed list, so that a slip of the pen
// is found before a customer sees a hole. Pure functions.

#pragma once

#include <optional>
#include <string>

namespace premura {

// Empty if `name` may stand there, else what to say of it.
struct NameJudgement {
  std::string message;
  std::string hint;
};
std::optional<NameJudgement> JudgeTemplateName(const std::string& name,
                                               bool in_evidence, bool in_email);

// Whether it may be unknown when a message is written (`sender.*` is judged
// against the configuration instead).
bool MayBeMissing(const std::string& name);

// "event.page" -> "page", "event.properties.name" -> "name"; nullopt for names
// that are no property.
std::optional<std::string> EventPropertyOf(const std::string& name);

// "customer.custom.plan" -> "plan", "customer.tier" -> "tier"; nullopt for
// names that are not of the profile.
std::optional<std::string> ProfilePathOf(const std::string& name);

}  // namespace premura
