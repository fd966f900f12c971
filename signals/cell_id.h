// SPDX-License-Identifier: Apache-2.0
// CellId: which cell (cell.h): its number (the shard's, the partition's), and
// which of its lives in this process: what was meant for an earlier one must
// not reach the next.

#pragma once

#include <compare>
#include <cstdint>

namespace premura {

struct CellId {
  std::uint32_t number = 0;
  std::uint32_t life = 0;

  auto operator<=>(const CellId&) const = default;
};

}  // namespace premura
