// SPDX-License-Identifier: Apache-2.0
// The consent gate: `consent.<channel>.<category>` in the profile, else
// `consent.<channel>`, else what the configuration says of the category.
// Whatever else is said under `consent` cannot permit anything, but what is not
// a clear yes there refuses all that it may be about.

#include <algorithm>
#include <vector>

#include "notifiers/gate.h"
#include "notifiers/text.h"
#include "signals/consent_word.h"

namespace premura {
namespace {

constexpr std::string_view kConsent = "consent";

// "Consent.email " -> "consent", "email".
std::vector<std::string> WordsOf(std::string_view path) {
  std::vector<std::string> words;
  for (;;) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    words.push_back(PlainWord(path.substr(0, dot)));
    if (dot == path.size()) return words;
    path.remove_prefix(dot + 1);
  }
}

bool IsOtherChannel(const std::string& word, const Candidate& candidate) {
  return word != candidate.channel &&
         (word == "email" || word == "sms" || word == "ticket");
}

bool IsOtherCategory(const std::string& word, const GateQuestion& question) {
  return word != question.candidate.category &&
         (word == "service" || word == "marketing" ||
          question.policy.consent.contains(word));
}

// What names no other channel and no other category.
bool MayConcern(const std::vector<std::string>& words,
                const GateQuestion& question) {
  return std::none_of(words.begin() + 1, words.end(), [&](const auto& word) {
    return IsOtherChannel(word, question.candidate) ||
           IsOtherCategory(word, question);
  });
}

struct Answer {
  ConsentWord said = ConsentWord::kNothing;
  std::string path;

  // Of two words on one thing the no counts.
  void Hear(ConsentWord heard, std::string_view from) {
    if (heard == ConsentWord::kNothing || said == ConsentWord::kNo) return;
    said = heard;
    path = from;
  }
};

Answer Ask(const Profile& profile, const GateQuestion& question) {
  const Candidate& candidate = question.candidate;
  const std::vector<std::string> wide = {std::string(kConsent),
                                         candidate.channel};
  Answer on_wide;
  Answer on_narrow;
  Answer elsewhere;
  for (const auto& [path, value] : profile.values()) {
    const std::vector<std::string> words = WordsOf(path);
    if (!words.front().starts_with(kConsent)) continue;
    if (!MayConcern(words, question)) continue;
    const ConsentWord said = ReadConsent(value);
    const bool begins = words.size() >= 2 &&
                        std::equal(wide.begin(), wide.end(), words.begin());
    if (begins && words.size() == 2) {
      on_wide.Hear(said, path);
    } else if (begins && words.size() == 3 && words[2] == candidate.category) {
      on_narrow.Hear(said, path);
    } else if (said == ConsentWord::kNo) {
      elsewhere.Hear(said, path);
    }
  }
  if (elsewhere.said == ConsentWord::kNo) return elsewhere;
  return on_narrow.said == ConsentWord::kNothing ? on_wide : on_narrow;
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
  Answer answer;
  if (candidate.profile != nullptr) answer = Ask(*candidate.profile, question);
  if (answer.said == ConsentWord::kYes) return std::nullopt;
  if (answer.said == ConsentWord::kNo) {
    constexpr std::size_t kMostCharacters = 100;
    return Suppress(
        Reason::kNoConsent,
        std::string(CutCharacters(OneLine(answer.path), kMostCharacters)) +
            " is refused");
  }
  if (PolicyOf(question.policy, candidate.category) ==
      ConsentPolicy::kAllowedUnlessRefused) {
    return std::nullopt;
  }
  return Suppress(Reason::kNoConsent,
                  candidate.category + " needs a consent, none is given");
}

}  // namespace premura
