// SPDX-License-Identifier: Apache-2.0
// DocumentImpl: what Document, Node and Mapping stand on. Only document.cc,
// document_parser.cc, node.cc and mapping.cc include it.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/diagnostic.h"
#include "rules/document.h"

namespace premura {

// One value as parsed. Nodes refer to each other by index; an alias is the
// index of what it stands for, so a document is a graph without cycles.
struct NodeData {
  Node::Kind kind = Node::Kind::kScalar;
  bool null = false;
  bool quoted = false;
  std::string text;  // Of a scalar.
  int line = 0;      // Both counted from 0, the column in bytes.
  int column = 0;
  std::vector<int> keys;   // Of a mapping: its keys' nodes ...
  std::vector<int> items;  // ... and values; or a sequence's elements.
};

class DocumentImpl {
 public:
  DocumentImpl(std::string file, std::string text);

  const std::string& text() const { return text_; }
  // Without its end. Counted from 0.
  std::string_view LineAt(int line) const;

  SourcePosition FilePosition() const;
  SourcePosition PositionAt(int line, int column_in_bytes, int length);
  SourcePosition PositionOfByte(std::size_t at);
  // Of a node; a scalar's length is what the source shows of it.
  SourcePosition PositionOf(int index);

  // Answers its number, by which it can be changed or taken back. Only so many
  // are kept; the rest is counted.
  std::size_t Record(Diagnostic::Severity severity, SourcePosition where,
                     std::string message, std::string hint);
  std::size_t Error(SourcePosition where, std::string message,
                    std::string hint = "");
  // nullptr if it was only counted.
  Diagnostic* RecordAt(std::size_t number) {
    return number < records_.size() ? &records_[number].first : nullptr;
  }
  void TakeBack(std::size_t number) {
    if (number < records_.size()) records_[number].second = false;
  }
  Diagnostics diagnostics() const;
  bool HasRecords() const { return !records_.empty(); }

  Node MakeNode(int index);

  std::vector<NodeData> nodes;
  int root = -1;

 private:
  int ScalarLength(const NodeData& node) const;

  const std::string file_;
  const std::string text_;
  std::vector<std::size_t> line_starts_;
  std::vector<std::pair<Diagnostic, bool>> records_;  // With: still holds.
  Diagnostic rest_;             // Stands for those that are not kept, ...
  std::size_t rest_count_ = 0;  // ... which are so many.

  // Positions are mostly asked for near the last one; counting goes on from
  // there, so that a file of one long line costs no more than others.
  int counted_line_ = -1;
  int counted_bytes_ = 0;
  int counted_columns_ = 0;
};

// Fills `document` from its text; mistakes are recorded there.
void ParseYaml(DocumentImpl* document);

}  // namespace premura
