// SPDX-License-Identifier: Apache-2.0
#include "signals/keyed_hash.h"

#include <array>
#include <cstring>
#include <random>

namespace premura {
namespace {

using Key = std::array<std::uint64_t, 2>;

Key MakeKey() {
  std::random_device random;
  Key key;
  for (std::uint64_t& word : key) {
    word = (std::uint64_t{random()} << 32 | random()) | 1;
  }
  return key;
}

const Key kKey = MakeKey();

}  // namespace

std::uint64_t KeyedHash(std::string_view name) {
  std::uint64_t hash = kKey[0] ^ name.size();
  std::uint64_t word = 0;
  while (name.size() >= sizeof word) {
    std::memcpy(&word, name.data(), sizeof word);
    hash = FoldedProduct(hash ^ word, kKey[1]);
    name.remove_prefix(sizeof word);
  }
  word = 0;
  if (!name.empty()) std::memcpy(&word, name.data(), name.size());
  return FoldedProduct(hash ^ word, kKey[1]);
}

}  // namespace premura
