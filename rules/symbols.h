// SPDX-License-Identifier: Apache-2.0
// Small numbers for the names that rules mention, so that an event is
// compared with rules by number and only fields that a rule asks for are kept.

#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "rules/value.h"

namespace premura {

using SymbolId = std::uint32_t;

// Gives each text a number, counted from 1; 0 is "no text of this table".
// Append-only: a copy that has grown agrees with its original on all that the
// original holds. That is what lets state and events outlive a reload.
// Thread-safe to read once it no longer changes.
class SymbolTable {
 public:
  SymbolTable() = default;
  SymbolTable(const SymbolTable& other);
  SymbolTable& operator=(const SymbolTable&) = delete;

  SymbolId Intern(std::string_view text);
  // 0 if unknown.
  SymbolId Find(std::string_view text) const;
  // REQUIRES: 1 <= id <= size().
  const std::string& Text(SymbolId id) const { return texts_[id - 1]; }
  std::size_t size() const { return texts_.size(); }

 private:
  std::deque<std::string> texts_;  // A deque: the map's keys point into it.
  std::unordered_map<std::string_view, SymbolId> ids_;
};

struct Symbols {
  SymbolTable names;       // Event names, "detection:<rule>" among them.
  SymbolTable properties;  // Paths below the event's properties: "d.ip".
  SymbolTable profile;     // Paths below the profile: "tier".
};

// A field that a rule asks for.
struct FieldRef {
  enum class Root : std::uint8_t {
    kName,      // `event`
    kId,        // `id`
    kTime,      // `time`, as RFC 3339 text
    kProperty,  // `page`, `d.ip`, `properties.page`
    kProfile,   // `customer.tier`
  };
  Root root = Root::kProperty;
  SymbolId symbol = 0;  // Of kProperty and kProfile.
  // 0: the event at hand. n: `$first.amount`, the n-th step with an `as`
  // (counted from 1 over the steps of its sequence).
  std::uint8_t step = 0;
  std::string path;  // As written.
};

// What a condition may ask of an event and its customer.
class Facts {
 public:
  virtual ~Facts() = default;
  // kAbsent where there is none. What it returns lives as long as *this.
  virtual Value Get(const FieldRef& field) const = 0;
};

}  // namespace premura
