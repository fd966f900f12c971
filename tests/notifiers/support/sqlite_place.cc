// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "tests/notifiers/support/ledger_place.h"

namespace premura {

LedgerPlace::LedgerPlace() {
  name_ = testing::TempDir() + "premura-ledger-XXXXXX";
  if (mkdtemp(name_.data()) == nullptr) throw std::runtime_error(name_);
  address_.url = "sqlite:" + name_ + "/ledger.db";
}

LedgerPlace::~LedgerPlace() {
  std::error_code ignored;
  std::filesystem::remove_all(name_, ignored);
}

}  // namespace premura
