// SPDX-License-Identifier: Apache-2.0
#include "daemon/advice/customer_guess.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "notifiers/json_parts.h"
#include "rules/fold.h"
#include "signals/decode_plan.h"
#include "signals/name_words.h"

namespace premura {
namespace {

// The likeliest first.
constexpr std::array<std::string_view, 9> kWords = {
    "customer", "account", "client",  "user",   "subscriber",
    "member",   "tenant",  "company", "contact"};

// How good a name it is: the less the better; beyond the end: none.
std::size_t RankOf(const std::string& path) {
  const std::vector<std::string> words = WordsOf(path);
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    if (std::find(words.begin(), words.end(), kWords[i]) == words.end()) {
      continue;
    }
    // "customer_id" before "customer_name".
    const bool id = std::find(words.begin(), words.end(), "id") != words.end();
    return 2 * i + (id || words.size() == 1 ? 0 : 1);
  }
  return 2 * kWords.size();
}

struct Best {
  std::string path;
  std::size_t rank = 2 * kWords.size();

  void Consider(const std::string& name) {
    const std::size_t of_name = RankOf(name);
    if (of_name >= rank) return;
    rank = of_name;
    path = name;
  }
};

// Of all records, in order; of nested ones "user.id".
std::vector<std::string> PathsIn(const std::vector<std::string>& records) {
  std::vector<std::string> paths;
  for (const std::string& record : records) {
    const auto members = JsonMembers(record);
    if (!members.ok()) continue;
    for (const auto& [name, json] : members.value()) {
      const auto inside = JsonMembers(json);
      if (!inside.ok()) {
        paths.push_back(name);
        continue;
      }
      for (const auto& member : inside.value()) {
        paths.push_back(name + "." + member.first);
      }
    }
  }
  return paths;
}

// "Customer" and "customer", "user_id" and "userId".
bool SpellsSame(const std::string& a, const std::string& b) {
  const auto words = WordsOf(a);
  return FoldCase(a) == FoldCase(b) || (!words.empty() && words == WordsOf(b));
}

}  // namespace

std::string GuessCustomerField(const std::vector<std::string>& records) {
  Best best;
  for (const std::string& path : PathsIn(records)) best.Consider(path);
  return best.path;
}

std::string AdviceOnSpelling(const std::vector<std::string>& records,
                             const DecoderOptions& decoder) {
  const std::vector<std::string> there = PathsIn(records);
  for (const auto& [key, paths] : RequiredPaths(decoder)) {
    if (std::ranges::find_first_of(there, paths) != there.end()) continue;
    for (const std::string& path : there) {
      const auto meant = std::ranges::find_if(
          paths, [&](const auto& known) { return SpellsSame(path, known); });
      if (meant == paths.end()) continue;
      return fmt::format(
          "there is `{0}`, and no `{1}`: write `{1}`, or in a configuration, "
          "passed with -c, `mapping: {{{2}: [{0}]}}`",
          path, *meant, key);
    }
  }
  return "";
}

}  // namespace premura
