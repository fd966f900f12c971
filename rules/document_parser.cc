// SPDX-License-Identifier: Apache-2.0
// From YAML text to nodes. The only file that knows yaml-cpp. It is driven by
// events and not by its Node, which takes the first of duplicate keys, drops
// second documents and forgets whether a scalar was quoted.

#include <fmt/format.h>
#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <sstream>
#include <unordered_map>

#include "rules/document_impl.h"
#include "rules/quote.h"
#include "rules/syntax_hint.h"
#include "rules/utf8.h"

namespace premura {
namespace {

constexpr std::size_t kMaxDepth = 64;
// How many values aliases may stand for, all together: ten lines of aliases
// of aliases would else stand for billions.
constexpr std::int64_t kMaxAliased = 100'000;

// Ends the parse; what is wrong has been recorded.
struct Stop {};

// As word processors write quotes of their own accord; not a sentence that has
// some in it.
bool IsInCurlyQuotes(std::string_view text) {
  constexpr std::array<std::string_view, 4> kQuotes = {"“", "”", "‘", "’"};
  const auto any = [&](auto is_there) {
    return std::any_of(kQuotes.begin(), kQuotes.end(), is_there);
  };
  const std::size_t size = kQuotes[0].size();
  return text.size() >= 2 * size &&
         any([&](std::string_view q) { return text.starts_with(q); }) &&
         any([&](std::string_view q) { return text.ends_with(q); }) &&
         !any([&](std::string_view q) {
           return text.substr(size, text.size() - 2 * size).find(q) != q.npos;
         });
}

class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(DocumentImpl* document) : document_(document) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    document_->Error(At(mark), "a second document begins here",
                     "one file holds one document; remove the `---`");
    throw Stop();
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const int index = Add(Node::Kind::kScalar, mark, anchor);
    document_->nodes[Index(index)].null = true;
    Place(index, 1);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor, const std::string& text) override {
    CheckTag(mark, tag);
    CheckIndentation(mark);
    if (tag == "!") CheckQuotes(mark);
    if (tag == "!" && text.empty()) CheckBlock(mark);
    const int index = Add(Node::Kind::kScalar, mark, anchor);
    document_->nodes[Index(index)].text = text;
    document_->nodes[Index(index)].quoted = tag == "!";
    if (tag != "!" && IsInCurlyQuotes(text)) {
      document_->Record(
          Diagnostic::Severity::kWarning, document_->PositionOf(index),
          fmt::format("the curly quotes are part of the text `{}`", text),
          "write straight ones, \" or '");
    }
    Place(index, 1);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    const bool whole = found != anchors_.end() && weights_.count(found->second);
    if (!whole) {
      document_->Error(At(mark), "an alias stands inside what it stands for");
      throw Stop();
    }
    const std::int64_t weight = weights_[found->second];
    aliased_ += weight;
    if (aliased_ > kMaxAliased) {
      document_->Error(At(mark), "aliases stand for too many values",
                       fmt::format("at most {} in a file", kMaxAliased));
      throw Stop();
    }
    Place(found->second, weight);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Open(Node::Kind::kSequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Open(Node::Kind::kMapping, mark, tag, anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  // A sequence or mapping that has begun and not ended.
  struct Level {
    int index = -1;
    std::int64_t weight = 1;
    bool at_value = false;  // Of a mapping: a key has been read.
    int key = -1;           // That key; -1 if it was refused.
    std::unordered_map<std::string, int> lines;  // Of the keys so far.
  };

  static std::size_t Index(int index) {
    return static_cast<std::size_t>(index);
  }

  SourcePosition At(const YAML::Mark& mark) {
    return document_->PositionAt(mark.line, mark.column, 1);
  }

  int Add(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    NodeData node;
    node.kind = kind;
    node.line = mark.line;
    node.column = mark.column;
    document_->nodes.push_back(std::move(node));
    const int index = static_cast<int>(document_->nodes.size()) - 1;
    if (anchor != YAML::NullAnchor) anchors_[anchor] = index;
    return index;
  }

  void Open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    CheckTag(mark, tag);
    CheckIndentation(mark);
    if (levels_.size() >= kMaxDepth) {
      document_->Error(At(mark), "nested too deeply",
                       fmt::format("at most {} levels", kMaxDepth));
      throw Stop();
    }
    Level level;
    level.index = Add(kind, mark, anchor);
    levels_.push_back(std::move(level));
  }

  void Close() {
    const int index = levels_.back().index;
    const std::int64_t weight = levels_.back().weight;
    levels_.pop_back();
    Place(index, weight);
  }

  // Puts a whole value where it belongs.
  void Place(int index, std::int64_t weight) {
    weights_[index] = weight;
    if (levels_.empty()) {
      document_->root = index;
      return;
    }
    Level& level = levels_.back();
    level.weight += weight;
    NodeData& parent = document_->nodes[Index(level.index)];
    if (parent.kind == Node::Kind::kSequence) {
      PlaceNullMark(index);
      parent.items.push_back(index);
    } else if (!level.at_value) {
      level.key = AcceptKey(index, &level) ? index : -1;
      level.at_value = true;
    } else {
      level.at_value = false;
      PlaceValue(index, level.key, &parent);
    }
  }

  void PlaceValue(int index, int key, NodeData* parent) {
    if (key < 0) return;
    NodeData& value = document_->nodes[Index(index)];
    if (value.null) {
      // The mark of nothing is that of the next token: point at the key.
      value.line = document_->nodes[Index(key)].line;
      value.column = document_->nodes[Index(key)].column;
      value.text = document_->nodes[Index(key)].text;
    }
    parent->keys.push_back(key);
    parent->items.push_back(index);
  }

  // An empty element of a block sequence: point at its dash.
  void PlaceNullMark(int index) {
    NodeData& node = document_->nodes[Index(index)];
    if (!node.null) return;
    for (int line = node.line; line >= 0; --line) {
      const std::string_view text = document_->LineAt(line);
      if (line == node.line && text.size() > Index(node.column) &&
          (text[Index(node.column)] == '~' || text[Index(node.column)] == 'n' ||
           text[Index(node.column)] == 'N')) {
        return;
      }
      const std::size_t limit =
          line == node.line ? Index(node.column) : text.size();
      const std::size_t dash = text.substr(0, limit).find_last_of("-,[");
      if (dash == text.npos) continue;
      node.line = line;
      node.column = static_cast<int>(dash);
      return;
    }
  }

  bool AcceptKey(int index, Level* level) {
    const NodeData& key = document_->nodes[Index(index)];
    const auto refuse = [&](std::string message, std::string hint) {
      document_->Error(document_->PositionOf(index), std::move(message),
                       std::move(hint));
      return false;
    };
    if (key.kind != Node::Kind::kScalar) {
      const bool braces = key.kind == Node::Kind::kMapping;
      return refuse("a key must be a text", braces ? kQuoteBraces : "");
    }
    if (key.null) {
      return refuse("a key is empty",
                    "quote it if a text like `null` is meant");
    }
    if (key.text == "<<" && !key.quoted) {
      return refuse("`<<` does not merge here",
                    "YAML 1.2 has no merge keys; write the keys out");
    }
    const auto [first, is_new] = level->lines.emplace(key.text, key.line + 1);
    if (is_new) return true;
    return refuse(fmt::format("`{}` is given twice", key.text),
                  fmt::format("the first one is on line {}", first->second));
  }

  void CheckTag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    document_->Error(At(mark), fmt::format("the tag `{}` is not known", tag),
                     "remove it; quotes make a text of anything");
  }

  void CheckQuotes(const YAML::Mark& mark) {
    const std::string& text = document_->text();
    const std::string_view line = document_->LineAt(mark.line);
    const auto at = static_cast<std::size_t>(line.data() - text.data()) +
                    Index(mark.column);
    const std::size_t quote = FindOpenQuote(text, at);
    if (quote == text.npos) return;
    document_->Error(document_->PositionOfByte(quote),
                     "the quote that begins here is not closed",
                     fmt::format("end the text with {}", text[quote]));
    throw Stop();
  }

  // `>5` begins a text of lines that are indented by five.
  void CheckBlock(const YAML::Mark& mark) {
    const std::string_view line = document_->LineAt(mark.line);
    const std::size_t at = std::min(Index(mark.column), line.size());
    const std::string_view start = line.substr(at, 2);
    const bool block = start.starts_with('>') || start.starts_with('|');
    if (!block || !(start.back() >= '1' && start.back() <= '9')) return;
    document_->Error(At(mark),
                     "a text of several lines begins here, without any",
                     kQuoteGreater);
  }

  // yaml-cpp counts a tab as one column, which is never what it looks like.
  void CheckIndentation(const YAML::Mark& mark) {
    const std::string_view line = document_->LineAt(mark.line);
    const std::string_view before = line.substr(0, Index(mark.column));
    if (before.find_first_not_of(" \t-?:") != before.npos) return;
    const std::size_t tab = before.find('\t');
    if (tab == before.npos || tab_reported_) return;
    tab_reported_ = true;
    document_->Error(document_->PositionAt(mark.line, static_cast<int>(tab), 1),
                     "a tab cannot indent", "use spaces");
  }

  DocumentImpl* const document_;
  std::vector<Level> levels_;
  std::unordered_map<YAML::anchor_t, int> anchors_;
  std::unordered_map<int, std::int64_t> weights_;  // Of whole values.
  std::int64_t aliased_ = 0;
  int documents_ = 0;
  bool tab_reported_ = false;
};

// False if the bytes are no text that a person wrote in an editor.
bool CheckBytes(DocumentImpl* document) {
  const std::string& text = document->text();
  if (text.size() > kLargestDocument) {
    document->Error(
        document->FilePosition(),
        fmt::format("is larger than {} MiB", kLargestDocument >> 20));
    return false;
  }
  int line = 0;
  std::size_t line_start = 0;
  const auto complain = [&](std::size_t at, std::string message,
                            std::string hint) {
    const int column = static_cast<int>(at - line_start);
    document->Error(document->PositionAt(line, column, 1), std::move(message),
                    std::move(hint));
    return false;
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const std::int32_t c = NextCharacter(text, &at);
    if (c < 0) {
      return complain(start, "the file is not UTF-8 from here on",
                      "save the file as UTF-8");
    }
    if (c == 0xfeff && start == 0) {
      return complain(start, "the file begins with a byte order mark",
                      "save the file as UTF-8 without one");
    }
    const bool control = c < 0x20 && c != '\n' && c != '\t' && c != '\r';
    if (control || c == 0x7f) {
      return complain(start,
                      fmt::format("a control character, {:#04x}", unsigned(c)),
                      "write it as an escape between double quotes");
    }
    if (c == '\n') {
      ++line;
      line_start = at;
    }
  }
  return true;
}

void ComplainOfSyntax(const YAML::Exception& mistake, DocumentImpl* document) {
  const int line = std::max(0, mistake.mark.line);
  const int column = std::max(0, mistake.mark.column);
  const auto end = static_cast<std::size_t>(std::max(0, mistake.mark.pos));
  const std::string_view before =
      std::string_view(document->text()).substr(0, end);
  document->Error(document->PositionAt(line, column, 1),
                  "not YAML: " + mistake.msg,
                  SyntaxHint({mistake.msg, document->LineAt(line), line,
                              static_cast<std::size_t>(column), before}));
}

}  // namespace

void ParseYaml(DocumentImpl* document) {
  if (!CheckBytes(document)) return;
  Builder builder(document);
  try {
    // With a line's end a file without its last one means the same, and a quote
    // that is not closed is found as in any other.
    const bool ends = document->text().ends_with('\n');
    std::istringstream in(document->text() + (ends ? "" : "\n"));
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
    return;
  } catch (const Stop&) {
  } catch (const YAML::Exception& mistake) {
    ComplainOfSyntax(mistake, document);
  } catch (const std::exception& mistake) {
    document->Error(document->FilePosition(),
                    fmt::format("the file cannot be read: {}", mistake.what()));
  }
  // Of half a document the readers would miss things that are there.
  document->root = -1;
}

}  // namespace premura
