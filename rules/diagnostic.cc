// SPDX-License-Identifier: Apache-2.0
#include "rules/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>

#include "rules/printable.h"
#include "rules/value.h"

namespace premura {
namespace {

const char* Word(Diagnostic::Severity severity) {
  return severity == Diagnostic::Severity::kError ? "error" : "warning";
}

auto Order(const Diagnostic& d) {
  return std::tie(d.where.file, d.where.line, d.where.column, d.severity,
                  d.message, d.hint);
}

bool StartsCharacter(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

// A source line as shown, with where the caret stands in it.
struct Excerpt {
  std::string text;
  int column = 1;
};

// Of a very long line only what is around the column.
Excerpt Clip(const std::string& line, int column) {
  constexpr int kBefore = 60;
  constexpr int kLongest = 120;
  Excerpt excerpt;
  excerpt.column = column;
  const int first = column > kLongest ? column - kBefore : 1;
  int at = 0;
  for (const char c : line) {
    if (StartsCharacter(c)) ++at;
    if (at >= first && at < first + kLongest) excerpt.text.push_back(c);
  }
  if (first > 1) {
    excerpt.text.insert(0, "...");
    excerpt.column = column - first + 4;
  }
  if (at >= first + kLongest) excerpt.text += "...";
  return excerpt;
}

// Tabs stay tabs under tabs, so that the caret stands where it should.
std::string CaretLine(const Excerpt& excerpt, int length) {
  std::string line;
  int column = 1;
  for (const char c : excerpt.text) {
    if (column >= excerpt.column) break;
    if (!StartsCharacter(c)) continue;
    line.push_back(c == '\t' ? '\t' : ' ');
    ++column;
  }
  line.append(static_cast<std::size_t>(excerpt.column - column), ' ');
  line.push_back('^');
  line.append(static_cast<std::size_t>(std::clamp(length, 1, 80) - 1), '~');
  return line;
}

void RenderOne(const Diagnostic& d, std::string* out) {
  const auto to = std::back_inserter(*out);
  const SourcePosition& at = d.where;
  if (at.line > 0) {
    fmt::format_to(to, "{}:{}:{}: ", Printable(at.file), at.line, at.column);
  } else if (!at.file.empty()) {
    fmt::format_to(to, "{}: ", Printable(at.file));
  }
  fmt::format_to(to, "{}: {}\n", Word(d.severity), Printable(d.message));
  if (at.line > 0 && !d.line.empty()) {
    Excerpt excerpt = Clip(d.line, std::max(1, at.column));
    fmt::format_to(to, "{:5} | {}\n      | {}\n", at.line,
                   Printable(excerpt.text, "\t"),
                   CaretLine(excerpt, at.length));
  }
  if (!d.hint.empty()) fmt::format_to(to, "      = {}\n", Printable(d.hint));
}

std::string Count(std::size_t number, const char* word) {
  return fmt::format("{} {}{}", number, word, number == 1 ? "" : "s");
}

// "6 errors and 1 warning in 2 files."
std::string Summary(const Diagnostics& diagnostics) {
  std::set<std::string> files;
  std::size_t errors = 0;
  for (const Diagnostic& d : diagnostics) {
    files.insert(d.where.file);
    if (d.severity == Diagnostic::Severity::kError) ++errors;
  }
  const std::size_t warnings = diagnostics.size() - errors;
  std::string summary;
  if (errors > 0) summary = Count(errors, "error");
  if (errors > 0 && warnings > 0) summary += " and ";
  if (warnings > 0) summary += Count(warnings, "warning");
  return summary + " in " + Count(files.size(), "file") + ".\n";
}

std::string Escape(std::string_view text, std::string_view special) {
  std::string escaped;
  for (const char c : text) {
    if (special.find(c) != special.npos) {
      fmt::format_to(std::back_inserter(escaped), "%{:02X}", int(c));
    } else {
      escaped.push_back(c);
    }
  }
  return escaped;
}

// Edits that make one of the other: insert, delete, replace, swap neighbours.
std::size_t EditDistance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> cost(
      a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const std::size_t differs = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1,
                             cost[i - 1][j - 1] + differs});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

bool HasErrors(const Diagnostics& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& d) {
                       return d.severity == Diagnostic::Severity::kError;
                     });
}

void SortDiagnostics(Diagnostics* diagnostics) {
  std::stable_sort(diagnostics->begin(), diagnostics->end(),
                   [](const Diagnostic& a, const Diagnostic& b) {
                     return Order(a) < Order(b);
                   });
  const auto same = [](const Diagnostic& a, const Diagnostic& b) {
    return Order(a) == Order(b);
  };
  diagnostics->erase(
      std::unique(diagnostics->begin(), diagnostics->end(), same),
      diagnostics->end());
}

std::string RenderText(const Diagnostics& diagnostics) {
  if (diagnostics.empty()) return {};
  std::string text;
  for (const Diagnostic& d : diagnostics) RenderOne(d, &text);
  return text + Summary(diagnostics);
}

std::string RenderJson(const Diagnostics& diagnostics) {
  std::string json = "[";
  for (const Diagnostic& d : diagnostics) {
    if (json.size() > 1) json.push_back(',');
    fmt::format_to(std::back_inserter(json), "\n  {{\"severity\": \"{}\", ",
                   Word(d.severity));
    json += "\"file\": ";
    AppendJsonText(Printable(d.where.file), &json);
    fmt::format_to(std::back_inserter(json),
                   ", \"line\": {}, \"column\": {}, \"length\": {}, ",
                   d.where.line, d.where.column, d.where.length);
    json += "\"message\": ";
    AppendJsonText(Printable(d.message), &json);
    json += ", \"hint\": ";
    AppendJsonText(Printable(d.hint), &json);
    json.push_back('}');
  }
  return json + (diagnostics.empty() ? "]\n" : "\n]\n");
}

std::string RenderGithub(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& d : diagnostics) {
    fmt::format_to(std::back_inserter(text), "::{} file={}", Word(d.severity),
                   Escape(d.where.file, "%\r\n:,"));
    if (d.where.line > 0) {
      fmt::format_to(std::back_inserter(text), ",line={},col={}", d.where.line,
                     d.where.column);
    }
    const std::string hint = d.hint.empty() ? "" : " (" + d.hint + ")";
    text += "::" + Escape(d.message + hint, "%\r\n") + "\n";
  }
  return text;
}

std::string Nearest(const std::string& word,
                    std::span<const std::string> candidates) {
  constexpr std::size_t kLongest = 64;  // The cost grows with the square.
  if (word.size() > kLongest) return {};
  // One edit in a short word, two in a longer one, three in a long one.
  const std::size_t allowed = word.size() < 5 ? 1 : word.size() < 10 ? 2 : 3;
  std::string nearest;
  std::size_t best = allowed + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongest) continue;
    // Each edit changes the length by one at most.
    if (candidate.size() > word.size() + allowed) continue;
    if (word.size() > candidate.size() + allowed) continue;
    const std::size_t distance = EditDistance(word, candidate);
    if (distance >= best || distance >= candidate.size()) continue;
    best = distance;
    nearest = candidate;
  }
  return nearest;
}

}  // namespace premura
