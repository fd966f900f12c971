// SPDX-License-Identifier: Apache-2.0
// Diagnostic: one mistake in a file that a person wrote, where it is and what
// to do. All mistakes of all files are collected before anything is shown.

#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

namespace premura {

// Counted from 1. `length` is how many columns the caret underlines. Line 0:
// the file as a whole.
struct SourcePosition {
  std::string file;
  int line = 0;
  int column = 0;
  int length = 1;
};

struct Diagnostic {
  enum class Severity { kError, kWarning };

  Severity severity = Severity::kError;
  SourcePosition where;
  std::string message;  // "unknown key `cooldwon` in rule `export-stuck`"
  std::string hint;     // "did you mean `cooldown`?"; may be empty
  std::string line;     // The source line, without its end; may be empty.
};

using Diagnostics = std::vector<Diagnostic>;

bool HasErrors(const Diagnostics& diagnostics);

// In order of file, line, column, each once.
void SortDiagnostics(Diagnostics* diagnostics);

// `file:line:column: error: message`, the line, a caret, `= hint`; a last
// line counts errors and warnings. Empty if there are none.
std::string RenderText(const Diagnostics& diagnostics);

// A JSON array of {severity, file, line, column, length, message, hint}.
std::string RenderJson(const Diagnostics& diagnostics);

// GitHub workflow commands: `::error file=..,line=..,col=..::message`.
std::string RenderGithub(const Diagnostics& diagnostics);

// The candidate nearest to `word` by edit distance, if near enough to be a
// misspelling of it; else empty.
std::string Nearest(const std::string& word,
                    std::span<const std::string> candidates);

}  // namespace premura
