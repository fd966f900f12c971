// SPDX-License-Identifier: Apache-2.0
#include "rules/printable.h"

#include "rules/utf8.h"

namespace premura {

bool IsControl(std::int32_t character) {
  const auto within = [character](std::int32_t first, std::int32_t last) {
    return character >= first && character <= last;
  };
  return character < 0x20 || within(0x7F, 0x9F) || within(0x2028, 0x202E) ||
         within(0x2066, 0x2069);
}

std::string Printable(std::string_view text, std::string_view keep) {
  std::string printable;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const bool shown = !IsControl(NextCharacter(text, &at)) ||
                       keep.find(text[start]) != keep.npos;
    printable += shown ? text.substr(start, at - start) : "?";
  }
  return printable;
}

}  // namespace premura
