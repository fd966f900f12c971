// SPDX-License-Identifier: Apache-2.0
// Claims: what a condition says, with the places where it does, to notice what
// cannot hold together: bounds with nothing between them, a text that begins in
// two ways, a value that another line shuts out.
//
// Only what no event can meet is spoken of, but for one that has a list in the
// field: one element may meet one line, and another the other.

#pragma once

#include <string>
#include <vector>

#include "rules/condition_node.h"
#include "rules/document.h"

namespace premura {

struct Claims {
  struct Claim {
    Predicate predicate;
    std::string key;  // As written: "page|startswith".
    Node at;          // Where a warning belongs.
  };
  std::vector<Claim> all;                // All of them hold,
  std::vector<std::vector<Claims>> any;  // of each one,
  std::vector<Claims> none;              // and none of these.
};

// Warns, where they stand, of claims that cannot hold beside those before.
void WarnOfContradictions(const Claims& claims);

}  // namespace premura
