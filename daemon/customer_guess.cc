// SPDX-License-Identifier: Apache-2.0
#include "daemon/customer_guess.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "notifiers/json_parts.h"
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

}  // namespace

std::string GuessCustomerField(const std::vector<std::string>& records) {
  Best best;
  for (const std::string& record : records) {
    const auto members = JsonMembers(record);
    if (!members.ok()) continue;
    for (const auto& [name, json] : members.value()) {
      const auto inside = JsonMembers(json);
      if (!inside.ok()) {
        best.Consider(name);
        continue;
      }
      for (const auto& member : inside.value()) {
        best.Consider(name + "." + member.first);
      }
    }
  }
  return best.path;
}

}  // namespace premura
