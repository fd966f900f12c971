// SPDX-License-Identifier: Apache-2.0
// The consent gate: `consent.<channel>.<category>` in the profile, else
// `consent.<channel>`, else what the configuration says of the category.

#include "notifiers/gate.h"
#include "rules/condition.h"

namespace premura {
namespace {

enum class Said { kNothing, kYes, kNo };

// A file may spell it in words. What is not a clear yes is a no.
Said Read(const Profile& profile, const std::string& path) {
  const Value value = profile.Get(path);
  if (!value.present()) return Said::kNothing;
  const std::string word = FoldCase(value.text());
  if (word.empty()) return Said::kNothing;
  const bool yes = word == "true" || word == "yes" || word == "1";
  return yes ? Said::kYes : Said::kNo;
}

ConsentPolicy PolicyOf(const RestraintPolicy& policy,
                       const std::string& category) {
  const auto found = policy.consent.find(category);
  if (found != policy.consent.end()) return found->second;
  return category == "service" ? ConsentPolicy::kAllowedUnlessRefused
                               : ConsentPolicy::kOnlyIfGiven;
}

}  // namespace

GateAnswer ConsentGate(const GateQuestion& question) {
  const Candidate& candidate = question.candidate;
  // A ticket stays in the house.
  if (candidate.channel == "ticket") return std::nullopt;
  const std::string path = "consent." + candidate.channel;
  const std::string narrow = path + "." + candidate.category;
  Said said = Said::kNothing;
  std::string source = narrow;
  if (candidate.profile != nullptr) {
    said = Read(*candidate.profile, narrow);
    if (said == Said::kNothing) {
      said = Read(*candidate.profile, path);
      source = path;
    }
  }
  if (said == Said::kYes) return std::nullopt;
  if (said == Said::kNo) {
    return Suppress(Reason::kNoConsent, source + " is refused");
  }
  if (PolicyOf(question.policy, candidate.category) ==
      ConsentPolicy::kAllowedUnlessRefused) {
    return std::nullopt;
  }
  return Suppress(Reason::kNoConsent,
                  candidate.category + " needs a consent, none is given");
}

}  // namespace premura
