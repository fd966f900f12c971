// SPDX-License-Identifier: Apache-2.0
// The cells' store in a changelog: a thread that loads cells one after the
// other, and again and again while a former owner's transaction is not over.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "signals/cell_store.h"
#include "signals/changelog.h"
#include "signals/partitioner.h"

namespace premura {

struct ChangelogCellsOptions {
  std::uint32_t partitions = 1;
  Partitioner partitioner = Partitioner::kMurmur2;
  std::function<std::uint32_t()> random{};
  // What is worth a line: (problem or not, words).
  std::function<void(bool, const std::string&)> tell{};
};

std::unique_ptr<CellStore> NewChangelogCells(
    std::unique_ptr<TransactionLog> log, ChangelogCellsOptions options);

// Puts what was opened into the request's shard, and tells.
void HandOverCell(const CellStore::Request& request, Changelog::Opened opened);

}  // namespace premura
