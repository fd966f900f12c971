// SPDX-License-Identifier: Apache-2.0
#include "rules/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "rules/document_impl.h"

namespace premura {
namespace {

int CountCharacters(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

}  // namespace

DocumentImpl::DocumentImpl(std::string file, std::string text)
    : file_(std::move(file)), text_(std::move(text)) {
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
  }
}

std::string_view DocumentImpl::LineAt(int line) const {
  if (line < 0) return {};
  const auto at = static_cast<std::size_t>(line);
  if (at >= line_starts_.size()) return {};
  const std::size_t start = line_starts_[at];
  const std::size_t end =
      at + 1 < line_starts_.size() ? line_starts_[at + 1] - 1 : text_.size();
  std::string_view found = std::string_view(text_).substr(start, end - start);
  if (!found.empty() && found.back() == '\r') found.remove_suffix(1);
  return found;
}

SourcePosition DocumentImpl::FilePosition() const {
  return {.file = file_, .line = 0, .column = 0, .length = 1};
}

SourcePosition DocumentImpl::PositionAt(int line, int column_in_bytes,
                                        int length) {
  if (line != counted_line_) {
    counted_line_ = line;
    counted_bytes_ = 0;
    counted_columns_ = 0;
  }
  const std::string_view text = LineAt(line);
  const int to = std::min(column_in_bytes, static_cast<int>(text.size()));
  const auto [first, last] = std::minmax(counted_bytes_, to);
  const int between = CountCharacters(text.substr(
      static_cast<std::size_t>(first), static_cast<std::size_t>(last - first)));
  counted_columns_ += to < counted_bytes_ ? -between : between;
  counted_bytes_ = to;
  return {.file = file_,
          .line = line + 1,
          .column = counted_columns_ + 1,
          .length = length};
}

SourcePosition DocumentImpl::PositionOfByte(std::size_t at) {
  const auto behind =
      std::upper_bound(line_starts_.begin(), line_starts_.end(), at);
  const auto line = static_cast<int>(behind - line_starts_.begin()) - 1;
  return PositionAt(line, static_cast<int>(at - *(behind - 1)), 1);
}

SourcePosition DocumentImpl::PositionOf(int index) {
  if (index < 0) return FilePosition();
  const NodeData& node = nodes[static_cast<std::size_t>(index)];
  return PositionAt(node.line, node.column, ScalarLength(node));
}

int DocumentImpl::ScalarLength(const NodeData& node) const {
  if (node.kind != Node::Kind::kScalar) return 1;
  const std::string_view line = LineAt(node.line);
  const auto column = static_cast<std::size_t>(node.column);
  if (column >= line.size()) return 1;
  const std::string_view source = line.substr(column);
  if (source.starts_with(node.text)) {
    return std::max(1, CountCharacters(node.text));
  }
  if (source[0] != '"' && source[0] != '\'') return 1;
  std::size_t end = 1;
  while (end < source.size() && source[end] != source[0]) {
    end += source[0] == '"' && source[end] == '\\' ? 2 : 1;
  }
  return CountCharacters(source.substr(0, end + 1));
}

std::size_t DocumentImpl::Record(Diagnostic::Severity severity,
                                 SourcePosition where, std::string message,
                                 std::string hint) {
  // Nobody reads more at once.
  constexpr std::size_t kMostRecords = 100;
  if (records_.size() == kMostRecords) {
    if (rest_count_++ == 0) rest_ = {severity, std::move(where), "", "", ""};
    // An error among them is one, whatever the others are.
    if (severity == Diagnostic::Severity::kError) rest_.severity = severity;
    return kMostRecords;
  }
  // A longer line is nothing to read, and a file of one long line may have
  // very many mistakes.
  constexpr std::size_t kLongestLine = 1000;
  std::string_view line = LineAt(where.line - 1);
  if (line.size() > kLongestLine) line = {};
  records_.emplace_back(
      Diagnostic{severity, std::move(where), std::move(message),
                 std::move(hint), std::string(line)},
      true);
  return records_.size() - 1;
}

std::size_t DocumentImpl::Error(SourcePosition where, std::string message,
                                std::string hint) {
  return Record(Diagnostic::Severity::kError, std::move(where),
                std::move(message), std::move(hint));
}

Diagnostics DocumentImpl::diagnostics() const {
  Diagnostics diagnostics;
  for (const auto& [diagnostic, holds] : records_) {
    if (holds) diagnostics.push_back(diagnostic);
  }
  if (rest_count_ > 0) {
    diagnostics.push_back(rest_);
    diagnostics.back().message =
        fmt::format("{} more are not shown", rest_count_);
  }
  SortDiagnostics(&diagnostics);
  return diagnostics;
}

Document::Document(std::unique_ptr<DocumentImpl> impl)
    : impl_(std::move(impl)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Document Document::Parse(std::string file, std::string text) {
  auto impl = std::make_unique<DocumentImpl>(std::move(file), std::move(text));
  ParseYaml(impl.get());
  return Document(std::move(impl));
}

Document Document::Load(const std::string& path) {
  Result<std::string> text = ReadFile(path);
  if (text.ok()) return Parse(path, std::move(text).value());
  auto impl = std::make_unique<DocumentImpl>(path, "");
  impl->Error(impl->FilePosition(), text.error().message);
  return Document(std::move(impl));
}

Node Document::root() const { return impl_->MakeNode(impl_->root); }

Diagnostics Document::diagnostics() const { return impl_->diagnostics(); }

std::string Document::Line(int line) const {
  return std::string(impl_->LineAt(line - 1));
}

}  // namespace premura
