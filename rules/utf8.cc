// SPDX-License-Identifier: Apache-2.0
#include "rules/utf8.h"

namespace premura {
namespace {

struct Lead {
  std::size_t length;
  unsigned bits;         // Of the character that the first byte holds.
  std::int32_t minimum;  // Below it the form is overlong.
};

Lead LeadOf(unsigned char byte) {
  if (byte < 0x80) return {1, byte, 0};
  if (byte >= 0xc2 && byte < 0xe0) return {2, byte & 0x1fU, 0x80};
  if (byte >= 0xe0 && byte < 0xf0) return {3, byte & 0x0fU, 0x800};
  if (byte >= 0xf0 && byte < 0xf5) return {4, byte & 0x07U, 0x10000};
  return {0, 0, 0};
}

}  // namespace

std::int32_t NextCharacter(std::string_view text, std::size_t* at) {
  const std::size_t start = (*at)++;
  const Lead lead = LeadOf(static_cast<unsigned char>(text[start]));
  if (lead.length == 0 || text.size() - start < lead.length) return -1;
  unsigned bits = lead.bits;
  for (std::size_t i = 1; i < lead.length; ++i) {
    const auto byte = static_cast<unsigned char>(text[start + i]);
    if ((byte & 0xc0) != 0x80) return -1;
    bits = (bits << 6) | (byte & 0x3fU);
  }
  const auto character = static_cast<std::int32_t>(bits);
  const bool surrogate = character >= 0xd800 && character < 0xe000;
  if (character < lead.minimum || character > 0x10ffff || surrogate) return -1;
  *at = start + lead.length;
  return character;
}

std::size_t EncodeCharacter(std::int32_t character, char* out) {
  const auto bits = static_cast<unsigned>(character);
  const auto tail = [bits](int shift) {
    return static_cast<char>(0x80 | ((bits >> shift) & 0x3f));
  };
  if (bits < 0x80) {
    out[0] = static_cast<char>(bits);
    return 1;
  }
  if (bits < 0x800) {
    out[0] = static_cast<char>(0xc0 | (bits >> 6));
    out[1] = tail(0);
    return 2;
  }
  if (bits < 0x10000) {
    out[0] = static_cast<char>(0xe0 | (bits >> 12));
    out[1] = tail(6);
    out[2] = tail(0);
    return 3;
  }
  out[0] = static_cast<char>(0xf0 | (bits >> 18));
  out[1] = tail(12);
  out[2] = tail(6);
  out[3] = tail(0);
  return 4;
}

}  // namespace premura
