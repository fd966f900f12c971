// SPDX-License-Identifier: Apache-2.0
// ChangelogFold: what a partition of a changelog comes to, read from its
// beginning (changelog_record.h).
//
// Thread: one at a time.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "signals/changelog_record.h"
#include "signals/transaction_log.h"

namespace premura {

// The state of a cell, by key, as of its progress record.
struct FoldedChangelog {
  std::optional<Progress> progress;  // nullopt: there is none.
  std::unordered_map<std::string, std::string> records;
  // Where the newest that stands there does not count: what does; nullopt:
  // nothing.
  std::vector<std::pair<std::string, std::optional<std::string>>> repairs;
  // Commits that are there in part, or of former owners; and what is nobody's.
  std::uint64_t torn = 0;
  // Of all that was seen, whether it counts or not.
  std::uint32_t epoch = 0;
  std::uint64_t number = 0;
  std::string damage;  // Not empty: nothing of it can be believed.
  // Not empty: a newer premura's, and not ours to judge.
  std::string foreign;
};

class ChangelogFold {
 public:
  void Take(const LogRecord& record);
  FoldedChangelog Finish();

 private:
  struct Version {
    Stamp stamp;
    std::optional<std::string> value;
  };
  struct Sum {
    std::uint64_t records = 0;
    std::uint64_t checksums = 0;
  };

  void PassOver(const LogRecord& record);
  void TakeProgress(const LogRecord& record, const Stamp& stamp);
  void TakeState(const LogRecord& record, const ChangelogHead& head);
  void Damage(std::string what);
  void StartAfresh();
  bool IsWhole(const Progress& progress) const;

  // Oldest first: the last that counts for sure, and what came since.
  std::unordered_map<std::string, std::vector<Version>> versions_;
  // Of commits that are not settled.
  std::map<Stamp, Sum> sums_;
  std::optional<Progress> progress_;
  bool unvouched_ = false;  // There was a progress record that is not whole.
  FoldedChangelog folded_;
};

}  // namespace premura
