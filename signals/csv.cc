// SPDX-License-Identifier: Apache-2.0

#include "signals/csv.h"

#include <algorithm>
#include <utility>

namespace premura {

namespace {

class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : rest_(text) {}

  std::vector<CsvRow> ReadAll() {
    std::vector<CsvRow> rows;
    while (!rest_.empty()) {
      if (TakeLineEnd()) continue;
      rows.push_back(ReadRow());
    }
    return rows;
  }

 private:
  CsvRow ReadRow() {
    CsvRow row;
    row.line = line_;
    do {
      std::string cell;
      row.mistake = ReadCell(&cell);
      row.cells.push_back(std::move(cell));
      if (!row.mistake.empty()) {
        SkipLine();
        return row;
      }
    } while (Take(','));
    if (!rest_.empty()) TakeLineEnd();
    return row;
  }

  // Answers the mistake, if there is one.
  std::string ReadCell(std::string* cell) {
    if (!Take('"')) {
      std::size_t end = std::min(rest_.find_first_of(",\n"), rest_.size());
      if (end > 0 && AtLineEnd(rest_.substr(end - 1))) --end;
      *cell = rest_.substr(0, end);
      rest_.remove_prefix(end);
      if (cell->find('"') != cell->npos) {
        return "a quote inside a cell that does not begin with one";
      }
      return {};
    }
    while (true) {
      const std::size_t quote = rest_.find('"');
      if (quote == rest_.npos) return "a quoted cell without its end";
      Append(rest_.substr(0, quote), cell);
      rest_.remove_prefix(quote + 1);
      if (!Take('"')) break;
      cell->push_back('"');
    }
    const bool ends = rest_.empty() || rest_.front() == ',' || AtLineEnd(rest_);
    return ends ? "" : "text behind the end of a quoted cell";
  }

  void Append(std::string_view part, std::string* cell) {
    line_ += static_cast<int>(std::count(part.begin(), part.end(), '\n'));
    cell->append(part);
  }

  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // A CR ends a line only before LF or at the end of all.
  static bool AtLineEnd(std::string_view rest) {
    return rest.starts_with('\n') || rest.starts_with("\r\n") || rest == "\r";
  }

  bool TakeLineEnd() {
    if (!AtLineEnd(rest_)) return false;
    Take('\r');
    Take('\n');
    ++line_;
    return true;
  }

  void SkipLine() {
    const std::size_t end = rest_.find('\n');
    rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 1);
    ++line_;
  }

  std::string_view rest_;
  int line_ = 1;
};

}  // namespace

std::vector<CsvRow> ParseCsv(std::string_view text) {
  return CsvReader(text).ReadAll();
}

}  // namespace premura
