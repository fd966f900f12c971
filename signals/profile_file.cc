// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "rules/fold.h"
#include "signals/arena.h"
#include "signals/byte_reader.h"
#include "signals/csv.h"
#include "signals/json_reader.h"
#include "signals/profile.h"

namespace premura {

namespace {

using Customers = std::map<std::string, Profile::Values>;

constexpr std::size_t kMaxBytes = std::size_t{1} << 30;
constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxColumns = 1000;
constexpr std::size_t kMaxCell = std::size_t{1} << 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr const char* kConsentForm =
    "a consent is consent.<email, sms or ticket>, or that with .<category>";

// What the consent gate would take for a refusal of everything, whatever its
// value, is not to be found out when nothing is sent.
bool IsReadableConsent(std::string_view path) {
  if (!FoldCase(path).starts_with("consent")) return true;
  for (const std::string_view channel : {"email", "sms", "ticket"}) {
    const std::string start = fmt::format("consent.{}", channel);
    if (path == start) return true;
    if (path.starts_with(start + ".")) {
      const std::string_view category = path.substr(start.size() + 1);
      return !category.empty() && category.find('.') == category.npos;
    }
  }
  return false;
}

// Collects customers and mistakes of one file.
class Collector {
 public:
  explicit Collector(std::string path) : path_(std::move(path)) {}

  void Mistake(int line, std::string_view what) {
    mistakes_.push_back(fmt::format("{}:{}: {}", path_, line, what));
  }

  void Add(int line, const std::string& customer, Profile::Values values) {
    if (customer.find_first_not_of(" \t\r\n") == customer.npos) {
      return Mistake(line, "no customer");
    }
    if (customer.size() > kMaxCustomerBytes) {
      return Mistake(line, fmt::format("a customer of more than {} bytes",
                                       kMaxCustomerBytes));
    }
    if (customer.find('\0') != customer.npos) {
      return Mistake(line, "the customer has a NUL in it");
    }
    const auto [it, added] = lines_.try_emplace(customer, line);
    if (!added) {
      return Mistake(line, fmt::format("customer '{}' is already on line {}",
                                       customer, it->second));
    }
    customers_.emplace(customer, std::move(values));
  }

  Result<Customers> Done() && {
    if (mistakes_.empty()) return std::move(customers_);
    std::string all;
    for (const std::string& mistake : mistakes_) {
      if (!all.empty()) all += '\n';
      all += mistake;
    }
    return Error{std::move(all)};
  }

 private:
  const std::string path_;
  Customers customers_;
  std::map<std::string, int> lines_;
  std::vector<std::string> mistakes_;
};

// --- CSV --------------------------------------------------------------------

constexpr std::size_t kNone = ~std::size_t{0};

std::string_view Trim(std::string_view text) {
  constexpr const char* kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// What spreadsheets put between cells where a comma is the decimal point.
const char* OtherSeparator(std::string_view line) {
  if (line.find(',') != line.npos) return nullptr;
  if (line.find(';') != line.npos) return "`;`";
  return Trim(line).find('\t') == line.npos ? nullptr : "tabs";
}

// The column that is likely to be the customer's, in words.
std::string AlmostCustomer(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!FoldCase(name).starts_with("customer")) continue;
    return fmt::format("; if '{}' is it, call that 'customer'", name);
  }
  return {};
}

// The column of the customers; kNone if the first line is of no use.
std::size_t CheckHeader(const CsvRow& header, Collector* collector) {
  std::size_t customer = kNone;
  if (header.cells.size() > kMaxColumns) {
    collector->Mistake(header.line,
                       fmt::format("more than {} columns", kMaxColumns));
    return kNone;
  }
  for (std::size_t i = 0; i < header.cells.size(); ++i) {
    const std::string& name = header.cells[i];
    const auto begin = header.cells.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(i);
    if (name.empty()) {
      collector->Mistake(header.line,
                         fmt::format("column {} has no name", i + 1));
    } else if (std::find(begin, end, name) != end) {
      collector->Mistake(header.line,
                         fmt::format("two columns are called '{}'", name));
    } else if (!IsReadableConsent(name)) {
      collector->Mistake(header.line,
                         fmt::format("'{}': {}", name, kConsentForm));
    }
    if (name == "customer" && customer == kNone) customer = i;
  }
  if (customer == kNone) {
    collector->Mistake(header.line, "no column is called 'customer'" +
                                        AlmostCustomer(header.cells));
  }
  return customer;
}

// Every cell is a text: what looks like a number may be one's phone.
void AddCsvRow(const CsvRow& header, const CsvRow& row, std::size_t customer,
               Collector* collector) {
  if (row.cells.size() != header.cells.size()) {
    return collector->Mistake(
        row.line, fmt::format("{} cells where the first line has {}",
                              row.cells.size(), header.cells.size()));
  }
  Profile::Values values;
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    if (!IsUtf8(row.cells[i])) {
      return collector->Mistake(row.line, "a cell is not UTF-8");
    }
    if (row.cells[i].size() > kMaxCell) {
      return collector->Mistake(
          row.line, fmt::format("a cell of more than {} MiB", kMaxCell >> 20));
    }
    if (i == customer || row.cells[i].empty()) continue;
    std::string json;
    AppendJsonText(row.cells[i], &json);
    values[header.cells[i]] = std::move(json);
  }
  collector->Add(row.line, row.cells[customer], std::move(values));
}

void ReadCsv(std::string_view text, Collector* collector) {
  if (const char* other = OtherSeparator(text.substr(0, text.find('\n')))) {
    return collector->Mistake(
        1, fmt::format("cells seem to be separated by {}: separate them by "
                       "commas",
                       other));
  }
  std::vector<CsvRow> rows = ParseCsv(text);
  if (rows.empty()) return collector->Mistake(1, "no line with column names");
  // Nobody means blanks around a cell, and `acme ` would be another customer.
  for (CsvRow& row : rows) {
    for (std::string& cell : row.cells) cell = Trim(cell);
  }
  const CsvRow& header = rows.front();
  const std::size_t customer =
      header.mistake.empty() ? CheckHeader(header, collector) : kNone;
  for (const CsvRow& row : rows) {
    if (!row.mistake.empty()) {
      collector->Mistake(row.line, row.mistake);
    } else if (customer != kNone && &row != &header) {
      AddCsvRow(header, row, customer, collector);
    }
  }
}

// --- JSON Lines -------------------------------------------------------------

// The customer as text; empty if the JSON value is no text and no number.
std::string CustomerIn(const std::string& json) {
  Arena arena(256);
  const Value value = ParseJsonValue(json, &arena);
  const bool usable = value.kind() == Value::Kind::kText || value.is_number();
  return usable ? std::string(value.text()) : std::string();
}

void AddJsonLine(int line, std::string_view json, JsonReader* reader,
                 Collector* collector) {
  if (const auto problem = reader->Parse(json)) {
    return collector->Mistake(line, problem->detail);
  }
  std::vector<ProfileChange::Entry> entries;
  if (!reader->AppendMembers(&entries)) {
    return collector->Mistake(line, "not an object");
  }
  Profile::Values values;
  for (ProfileChange::Entry& entry : entries) {
    values[entry.path] = std::move(entry.json);
  }
  std::string customer;
  if (const auto it = values.find("customer"); it != values.end()) {
    customer = CustomerIn(it->second);
    values.erase(it);
  }
  std::erase_if(values, [](const auto& v) { return v.second == "null"; });
  for (const auto& [path, value] : values) {
    if (!IsReadableConsent(path)) {
      collector->Mistake(line, fmt::format("'{}': {}", path, kConsentForm));
    }
  }
  collector->Add(line, customer, std::move(values));
}

void ReadJsonLines(std::string_view text, Collector* collector) {
  JsonReader reader(kMaxDepth);
  for (int line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view json = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (json.find_first_not_of(" \t\r") == json.npos) continue;
    AddJsonLine(line, json, &reader, collector);
  }
}

std::string_view WithoutPacking(std::string_view path) {
  for (const std::string_view ending : {".gz", ".zst"}) {
    if (path.ends_with(ending)) path.remove_suffix(ending.size());
  }
  return path;
}

}  // namespace

Result<Customers> ReadProfileFile(const std::string& path) {
  const std::string_view name = WithoutPacking(path);
  const bool csv = name.ends_with(".csv");
  if (!csv && !name.ends_with(".jsonl") && !name.ends_with(".ndjson") &&
      !name.ends_with(".json")) {
    return Error{path + ": profiles are read from .csv and .jsonl"};
  }
  const Result<std::string> bytes = ReadAllBytes(path, kMaxBytes);
  if (!bytes.ok()) return bytes.error();
  std::string_view text = bytes.value();
  if (text.starts_with(kByteOrderMark)) {
    text.remove_prefix(kByteOrderMark.size());
  }
  Collector collector(path);
  if (csv) {
    ReadCsv(text, &collector);
  } else {
    ReadJsonLines(text, &collector);
  }
  return std::move(collector).Done();
}

}  // namespace premura
