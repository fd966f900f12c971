// SPDX-License-Identifier: Apache-2.0
// KeyedHash: of names that come from outside, for tables in memory. Its key is
// another in each process, so that nobody can make names that collide; never
// written down.
//
// In the manner of wyhash (https://github.com/wangyi-fudan/wyhash): words are
// mixed in by multiplying to 128 bits and folding.
//
// Thread-safe.

#pragma once

#include <cstdint>
#include <string_view>

namespace premura {

// Both halves of the product: every bit of the arguments reaches the answer.
inline std::uint64_t FoldedProduct(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^
         static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t KeyedHash(std::string_view name);

}  // namespace premura
