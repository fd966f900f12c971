// SPDX-License-Identifier: Apache-2.0
// YAML read strictly: YAML 1.2 core scalars (only `true` and `false` are
// booleans), unknown keys, duplicate keys, aliases' cycles and second documents
// are mistakes, and every mistake is recorded with its place. Rules,
// configuration and templates are all read through this file.
//
// Readers ask for the keys they know and then call RejectOtherKeys(); the keys
// asked for are what an unknown key is compared with for the hint.
//
// Thread: any, but one at a time. Node, Mapping and Sequence are handles into
// their Document and must not outlive it.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/diagnostic.h"
#include "rules/result.h"
#include "rules/time.h"

namespace premura {

class Mapping;
class DocumentImpl;
struct NodeData;

// One value in a document. A default Node stands for "not there".
class Node {
 public:
  enum class Kind { kNone, kScalar, kSequence, kMapping };

  Node() = default;
  Kind kind() const;
  explicit operator bool() const { return kind() != Kind::kNone; }
  SourcePosition position() const;

  // The scalar's text, whether quoted or not; null (empty, `~`, `null`) is a
  // mistake in all of these but IsNull(). Each records a mistake and answers
  // nullopt where the value is of another kind. `what` names the value in the
  // message, in backquotes: "`within` needs a unit".
  bool IsNull() const;
  bool IsQuoted() const;
  std::optional<std::string> AsText(std::string_view what) const;
  std::optional<bool> AsBool(std::string_view what) const;
  std::optional<std::int64_t> AsInt(std::string_view what, std::int64_t min,
                                    std::int64_t max) const;
  std::optional<double> AsNumber(std::string_view what) const;
  std::optional<Duration> AsDuration(std::string_view what) const;
  // `64MiB`, `10kB`, `512` (bytes).
  std::optional<std::int64_t> AsSize(std::string_view what) const;
  // Index into `choices`; the message lists them and suggests the nearest.
  std::optional<std::size_t> AsChoice(
      std::string_view what, const std::vector<std::string>& choices) const;

  // The elements; one that is not a sequence is a mistake. OrScalar: a single
  // value stands for a list of one.
  std::vector<Node> AsList(std::string_view what) const;
  std::vector<Node> AsListOrScalar(std::string_view what) const;
  std::vector<std::string> AsTexts(std::string_view what) const;
  Mapping AsMapping(std::string_view what) const;

  // Records a mistake (a warning) at this value.
  void Complain(std::string message, std::string hint = "") const;
  void Warn(std::string message, std::string hint = "") const;

 private:
  friend class Mapping;
  friend class Document;
  friend class DocumentImpl;

  const NodeData* data() const;
  const NodeData* Expect(Kind expected, std::string_view what,
                         std::string_view kind_name) const;

  DocumentImpl* document_ = nullptr;
  int index_ = -1;
};

// A mapping whose keys are asked for one by one.
class Mapping {
 public:
  Mapping() = default;

  // False for a default Mapping, which has no keys and records nothing.
  explicit operator bool() const { return static_cast<bool>(node_); }
  const Node& node() const { return node_; }

  // The value of `key`, a default Node if there is none. Remembers that `key`
  // is known. Get() leaves out null values (and records them as a mistake:
  // "`cooldown` is empty"); Require() records a mistake if it is missing.
  Node Get(std::string_view key);
  Node Require(std::string_view key);
  // Without remembering anything, null or not.
  bool Has(std::string_view key) const { return Find(key) >= 0; }
  // The key itself, to say what is wrong with it; default if there is none.
  Node KeyNode(std::string_view key) const;
  // Where the key itself stands. REQUIRES: the key exists.
  SourcePosition KeyPosition(std::string_view key) const;

  // In file order, for mappings whose keys are names (`tickets:`, `where:`).
  std::vector<std::pair<std::string, Node>> Entries();

  std::optional<std::string> Text(std::string_view key);
  std::optional<std::string> RequireText(std::string_view key);
  std::string TextOr(std::string_view key, std::string_view fallback);
  std::optional<bool> Bool(std::string_view key);
  std::optional<std::int64_t> Int(std::string_view key, std::int64_t min,
                                  std::int64_t max);
  std::optional<std::int64_t> RequireInt(std::string_view key, std::int64_t min,
                                         std::int64_t max);
  std::optional<Duration> DurationOf(std::string_view key);
  std::optional<Duration> RequireDuration(std::string_view key);
  std::vector<std::string> Texts(std::string_view key);
  // Default-constructed if there is none.
  Mapping MappingOf(std::string_view key);

  // Records every key that was not asked for, with a suggestion. `where` ends
  // the message: "in rule `export-stuck`". A complaint that a required key is
  // missing is withheld where an unknown key is its likely spelling.
  void RejectOtherKeys(std::string_view where);

  // Records a mistake at a key.
  void ComplainAtKey(std::string_view key, std::string message,
                     std::string hint = "");

 private:
  friend class Node;

  explicit Mapping(Node node);
  int Find(std::string_view key) const;

  Node node_;
  // Shared, so that a copy handed on knows the same keys.
  struct Asked;
  std::shared_ptr<Asked> asked_;
};

class Document {
 public:
  // Never fails: what is wrong is in diagnostics(), and root() is then what
  // could be read, perhaps nothing.
  static Document Parse(std::string file, std::string text);
  // The same for a file; unreadable is a diagnostic too.
  static Document Load(const std::string& path);

  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

  // A position may be kept longer than the Document.
  Node root() const;
  // All mistakes recorded so far, those of the readers included.
  Diagnostics diagnostics() const;
  // The source line, without its end; for diagnostics made elsewhere.
  std::string Line(int line) const;

 private:
  explicit Document(std::unique_ptr<DocumentImpl> impl);
  std::unique_ptr<DocumentImpl> impl_;
};

// The largest text that is parsed.
inline constexpr std::size_t kLargestDocument = 4 << 20;

// A file's whole content, at most `max_bytes`. What is no regular file is
// refused and never waited for, but for /dev/stdin and its like.
Result<std::string> ReadFile(const std::string& path,
                             std::size_t max_bytes = kLargestDocument);

}  // namespace premura
