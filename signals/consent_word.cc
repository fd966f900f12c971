// SPDX-License-Identifier: Apache-2.0
#include "signals/consent_word.h"

#include "rules/fold.h"

namespace premura {

std::string PlainWord(std::string_view text) {
  constexpr const char* kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return FoldCase(
      text.substr(begin, text.find_last_not_of(kSpace) - begin + 1));
}

ConsentWord ReadConsent(const Value& value) {
  if (!value.present() || value.kind() == Value::Kind::kObject) {
    return ConsentWord::kNothing;
  }
  if (value.kind() == Value::Kind::kList) return ConsentWord::kNo;
  const std::string word = PlainWord(value.text());
  if (word.empty()) return ConsentWord::kNothing;
  const bool yes = word == "true" || word == "yes" || word == "1";
  return yes ? ConsentWord::kYes : ConsentWord::kNo;
}

}  // namespace premura
