// SPDX-License-Identifier: Apache-2.0
// CSV as RFC 4180 has it: cells between commas, quoted where they hold commas,
// quotes (doubled) or line ends.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace premura {

struct CsvRow {
  int line = 0;  // Where it begins, counted from 1.
  std::vector<std::string> cells;
  std::string mistake;  // In words, if it is not CSV; empty if it is.
};

// Empty lines are passed over. After a mistake it goes on at the next line.
std::vector<CsvRow> ParseCsv(std::string_view text);

}  // namespace premura
