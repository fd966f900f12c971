// SPDX-License-Identifier: Apache-2.0
#include "rules/foreign_words.h"

#include <functional>
#include <map>

#include "rules/fold.h"

namespace premura {

const char* ModifierMeant(const std::string& word) {
  constexpr const char* kNeq = "did you mean `neq`?";
  constexpr const char* kRe = "did you mean `re`?";
  constexpr const char* kNone =
      "without a modifier a value is equal, and of a list any";
  constexpr const char* kRange = "write two lines, with `gte` and with `lte`";
  static const std::map<std::string, const char*, std::less<>> meant = {
      {"not", kNeq},  {"ne", kNeq},        {"not_in", kNeq}, {"nin", kNeq},
      {"regex", kRe}, {"regexp", kRe},     {"matches", kRe}, {"like", kRe},
      {"eq", kNone},  {"equals", kNone},   {"is", kNone},    {"in", kNone},
      {"any", kNone}, {"between", kRange}, {"range", kRange}};
  const auto found = meant.find(word);
  return found == meant.end() ? nullptr : found->second;
}

const char* HintForMapping(const std::string& key) {
  const std::string word = FoldCase(key);
  for (const char* any : {"or", "any", "anyof", "one_of", "oneof"}) {
    if (word == any) return "did you mean `any_of`?";
  }
  for (const char* all : {"and", "all", "all_of", "allof"}) {
    if (word == all) return "all lines hold anyway: leave it out";
  }
  for (const char* none : {"nor", "none", "none_of", "noneof"}) {
    if (word == none) return "write `not: {any_of: [..]}`";
  }
  return "a field inside another is written with a dot, `d.ip`";
}

}  // namespace premura
