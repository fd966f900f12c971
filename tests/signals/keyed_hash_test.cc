// SPDX-License-Identifier: Apache-2.0
#include "signals/keyed_hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace premura {
namespace {

TEST(KeyedHash, NamesOfAnyLengthAreToldApart) {
  std::set<std::uint64_t> hashes;
  std::string name;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(KeyedHash(name), KeyedHash(std::string(name)));
    EXPECT_TRUE(hashes.insert(KeyedHash(name)).second) << i;
    EXPECT_TRUE(hashes.insert(KeyedHash(name + 'y')).second) << i;
    name.push_back('\0');
  }
}

// Tables look at the lowest bits first.
TEST(KeyedHash, TheLowestBitsAreSpread) {
  std::set<std::uint64_t> places;
  for (int i = 0; i < 4096; ++i) {
    places.insert(KeyedHash("customer-" + std::to_string(i)) & 4095);
  }
  EXPECT_GT(places.size(), 2300U);  // 2589 of 4096 by chance.
}

}  // namespace
}  // namespace premura
