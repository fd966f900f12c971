// SPDX-License-Identifier: Apache-2.0
#include "rules/printable.h"

#include "rules/utf8.h"

namespace premura {

bool IsControl(std::int32_t character) {
  return character < 0x20 || (character >= 0x7F && character < 0xA0) ||
         character == 0x2028 || character == 0x2029;
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
