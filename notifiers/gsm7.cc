// SPDX-License-Identifier: Apache-2.0
#include "notifiers/gsm7.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "rules/utf8.h"

namespace premura {
namespace {

constexpr std::u32string_view kBasic =
    U"@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    U"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
constexpr std::u32string_view kExtension = U"\f^{}\\[~]|€";

constexpr std::pair<char32_t, std::string_view> kReplacements[] = {
    {U'\u2018', "'"},  {U'\u2019', "'"},   {U'\u201A', "'"},  {U'\u201B', "'"},
    {U'\u2032', "'"},  {U'\u201C', "\""},  {U'\u201D', "\""}, {U'\u201E', "\""},
    {U'\u201F', "\""}, {U'\u00AB', "\""},  {U'\u00BB', "\""}, {U'\u2010', "-"},
    {U'\u2011', "-"},  {U'\u2012', "-"},   {U'\u2013', "-"},  {U'\u2014', "-"},
    {U'\u2212', "-"},  {U'\u2026', "..."}, {U'\u00A0', " "},  {U'\u2009', " "},
    {U'\u202F', " "},  {U'\u200B', ""},    {U'\u00AD', ""},   {U'\u2022', "-"},
    {U'\t', " "},
};

// How many parts a text needs if no character may be cut: `widths` are the
// units of each, `single` and `part` what fits.
int CountSegments(const std::vector<int>& widths, int units, int single,
                  int part) {
  if (units == 0) return 0;
  if (units <= single) return 1;
  int segments = 1;
  int used = 0;
  for (const int width : widths) {
    if (used + width > part) {
      ++segments;
      used = 0;
    }
    used += width;
  }
  return segments;
}

int Gsm7Width(char32_t c) {
  if (kBasic.find(c) != std::u32string_view::npos) return 1;
  return kExtension.find(c) != std::u32string_view::npos ? 2 : 0;
}

}  // namespace

SmsShape MeasureSms(std::string_view text) {
  SmsShape shape;
  std::vector<int> septets;
  std::vector<int> utf16;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const std::int32_t character = NextCharacter(text, &at);
    const int width =
        character >= 0 ? Gsm7Width(static_cast<char32_t>(character)) : 0;
    const std::string bytes(text.substr(start, at - start));
    if (width == 0 && std::find(shape.foreign.begin(), shape.foreign.end(),
                                bytes) == shape.foreign.end()) {
      shape.foreign.push_back(bytes);
    }
    septets.push_back(width);
    utf16.push_back(character > 0xFFFF ? 2 : 1);
  }
  shape.gsm7 = shape.foreign.empty();
  const std::vector<int>& widths = shape.gsm7 ? septets : utf16;
  for (const int width : widths) shape.units += width;
  shape.segments = shape.gsm7 ? CountSegments(widths, shape.units, 160, 153)
                              : CountSegments(widths, shape.units, 70, 67);
  return shape;
}

std::string TransliterateForSms(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const std::int32_t character = NextCharacter(text, &at);
    const auto* found =
        std::find_if(std::begin(kReplacements), std::end(kReplacements),
                     [&](const auto& entry) {
                       return character >= 0 &&
                              entry.first == static_cast<char32_t>(character);
                     });
    plain += found != std::end(kReplacements) ? found->second
                                              : text.substr(start, at - start);
  }
  return plain;
}

std::string NameCharacter(std::string_view character) {
  std::size_t at = 0;
  const std::int32_t code = NextCharacter(character, &at);
  if (code < 0) return "a byte that is not UTF-8";
  return fmt::format("{} (U+{:04X})", character, code);
}

}  // namespace premura
