// SPDX-License-Identifier: Apache-2.0
// JsonReader: one JSON document, checked as a whole, then walked once for the
// paths that are wanted. Of members of one name the last counts.
//
// Numbers are spelled in the shortest way that gives the same number; those
// that no 64 bits hold keep their digits.
//
// Thread: one at a time. Views live until the next Parse(), values that are
// not plain text until the next Walk().

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "signals/event.h"
#include "signals/event_decoder.h"
#include "signals/path_trie.h"

namespace premura {

class Arena;

class JsonReader {
 public:
  struct Problem {
    Refusal reason = Refusal::kBrokenJson;
    std::string detail;
  };

  explicit JsonReader(int max_depth);
  ~JsonReader();

  // Copies `json`. nullopt if it is JSON.
  std::optional<Problem> Parse(std::string_view json);

  bool is_object() const;  // The document.

  // For each event of the document: the document itself; if that is a list,
  // each element; with `explode`, each element of the list at that path of
  // these. Calls `on_object` where the event is a JSON object (of which
  // Walk() then speaks), `on_other` with words for what else there is.
  void ForEachEvent(std::span<const std::string> explode,
                    const std::function<void()>& on_object,
                    const std::function<void(std::string_view)>& on_other);

  // Finds what `trie` wants of the event at hand.
  void Walk(const PathTrie& trie);
  // What the last Walk() found; kAbsent if nothing.
  Value Get(std::uint32_t slot);
  // The slots found, each at least once, in order of appearance.
  std::span<const std::uint32_t> found() const;

  // If an object was found there: its members with dotted paths below
  // `prefix` and their JSON, nested objects taken apart.
  void AppendMembers(std::uint32_t slot, const std::string& prefix,
                     std::vector<ProfileChange::Entry>* entries);
  // The dotted paths below `prefix` of an object's members, objects inside
  // taken apart: of the object found there, or (kNoSlot) the event itself.
  void EachPath(std::uint32_t slot, const std::string& prefix,
                const std::function<void(const std::string&)>& visit) const;
  // The same for the document, if it is an object; else false.
  bool AppendMembers(std::vector<ProfileChange::Entry>* entries);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  bool no_memory_ = false;
};

// The value that a JSON text spells, with all it needs in `arena`; kAbsent if
// it is not JSON.
Value ParseJsonValue(std::string_view json, Arena* arena);

bool IsUtf8(std::string_view text);

}  // namespace premura
