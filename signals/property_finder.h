// SPDX-License-Identifier: Apache-2.0
// PropertyFinder: which properties there are in events, whether a rule asks
// for them or not: a decoder that knows them then keeps them all.
//
// Thread: one at a time; it keeps buffers between calls.

#pragma once

#include <memory>
#include <string_view>

#include "rules/result.h"
#include "rules/symbols.h"
#include "signals/event_decoder.h"

namespace premura {

class PropertyFinder {
 public:
  static constexpr std::size_t kMostProperties = 2000;

  virtual ~PropertyFinder() = default;
  // Adds the paths of the record's properties, while there is room for them;
  // true if there were new ones. What is no event has none.
  virtual bool Find(std::string_view record, SymbolTable* properties) = 0;
  // There were more than kMostProperties.
  virtual bool full() const = 0;
};

// `options` as those of the decoder. Fails if a path of the mapping is none.
Result<std::unique_ptr<PropertyFinder>> NewPropertyFinder(
    const DecoderOptions& options);

}  // namespace premura
