// SPDX-License-Identifier: Apache-2.0
// How ticket systems answer a search by the key: a list of objects with an id
// each, more than were asked for. Of parsed JSON, whoever parsed it.

#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

namespace premura {

// Systems write ids as numbers, or (RT, here and there) as text.
template <typename Element>
std::optional<long> IdOf(const Element& object) {
  std::int64_t number = 0;
  if (!object["id"].get(number)) return number;
  std::string_view text;
  if (object["id"].get(text)) return std::nullopt;
  long id = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), id);
  const bool whole =
      end.ec == std::errc() && end.ptr == text.data() + text.size();
  return whole ? std::optional(id) : std::nullopt;
}

// Of those for which `has_key` holds. nullopt if `list` is no list.
template <typename List, typename HasKey>
std::optional<std::vector<long>> IdsWithKey(List list, const HasKey& has_key) {
  if (list.error()) return std::nullopt;
  std::vector<long> ids;
  for (const auto& object : list.value_unsafe()) {
    const std::optional<long> id = IdOf(object);
    if (id && has_key(object)) ids.push_back(*id);
  }
  return ids;
}

}  // namespace premura
