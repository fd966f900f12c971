// SPDX-License-Identifier: Apache-2.0
// Tables for terminals and spreadsheets.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace premura {

using TextRow = std::vector<std::string>;

// Columns as wide as they need to be; all but the first `texts` stand at the
// right. A text that is the last of its line is not filled up.
std::string AlignedTable(const std::vector<TextRow>& rows,
                         std::size_t texts = 1);

// "12,340"
std::string Grouped(std::uint64_t number);
// "1 event", "12,340 events"
std::string Counted(std::uint64_t number, std::string_view what);

// One cell by RFC 4180; what a spreadsheet would take for a formula is text.
std::string CsvCell(std::string text);

}  // namespace premura
