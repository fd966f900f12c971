// SPDX-License-Identifier: Apache-2.0
#include "daemon/terminal/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace premura {

std::string AlignedTable(const std::vector<TextRow>& rows, std::size_t texts) {
  std::vector<std::size_t> widths;
  for (const TextRow& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string text;
  for (const TextRow& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) text += "  ";
      const bool is_text = i < texts;
      const bool ends = is_text && i + 1 == widths.size();
      text += is_text ? fmt::format("{:<{}}", row[i], ends ? 0 : widths[i])
                      : fmt::format("{:>{}}", row[i], widths[i]);
    }
    text += '\n';
  }
  return text;
}

std::string Grouped(std::uint64_t number) {
  std::string digits = fmt::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string Counted(std::uint64_t number, std::string_view what) {
  std::string words = Grouped(number) + ' ';
  words += what;
  if (number != 1) words += 's';
  return words;
}

std::string CsvCell(std::string text) {
  if (!text.empty() &&
      std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos) {
    text.insert(text.begin(), '\'');
  }
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string cell = "\"";
  for (const char c : text) {
    if (c == '"') cell += '"';
    cell += c;
  }
  return cell + '"';
}

}  // namespace premura
