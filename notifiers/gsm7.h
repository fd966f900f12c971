// SPDX-License-Identifier: Apache-2.0
// What a text costs as SMS: the GSM 03.38 alphabet (160 characters, or 153 in
// each of several parts) or else UCS-2 (70, or 67). Pure functions.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace premura {

struct SmsShape {
  bool gsm7 = true;
  // Characters that the alphabet lacks, each once, as UTF-8; empty if gsm7.
  std::vector<std::string> foreign;
  // Septets (extension characters count two) or UTF-16 units.
  int units = 0;
  int segments = 0;  // 0 of an empty text.
};

// REQUIRES: `text` is UTF-8; bytes that are not count as foreign.
SmsShape MeasureSms(std::string_view text);

// Replaces typographic quotes, dashes, ellipsis and odd spaces, which look the
// same to a reader and would more than double the cost.
std::string TransliterateForSms(std::string_view text);

// "“ (U+201C)": for messages.
std::string NameCharacter(std::string_view character);

}  // namespace premura
