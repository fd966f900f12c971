// SPDX-License-Identifier: Apache-2.0
#include "rules/symbols.h"

namespace premura {

// The map's keys point into texts_, so a copy makes its own.
SymbolTable::SymbolTable(const SymbolTable& other) {
  for (const std::string& text : other.texts_) Intern(text);
}

SymbolId SymbolTable::Intern(std::string_view text) {
  const auto found = ids_.find(text);
  if (found != ids_.end()) return found->second;
  texts_.emplace_back(text);
  const auto id = static_cast<SymbolId>(texts_.size());
  ids_.emplace(texts_.back(), id);
  return id;
}

SymbolId SymbolTable::Find(std::string_view text) const {
  const auto found = ids_.find(text);
  return found == ids_.end() ? 0 : found->second;
}

}  // namespace premura
