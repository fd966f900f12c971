// SPDX-License-Identifier: Apache-2.0
// Changelog: how cells' states are kept in a log with transactions, and moved
// from owner to owner (changelog_record.h). Plain code: waits for nothing, and
// reads no clock.
//
// Nothing that is in memory counts before its commit is known to be in the log.
// Who does not know whether a commit arrived begins anew as a writer, so that
// what is late can arrive no more, and looks.
//
// Thread-safe: Write() from one thread, Open() from one, the rest from any.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "signals/cell_id.h"
#include "signals/changelog_fold.h"
#include "signals/changelog_record.h"
#include "signals/checkpoint_sink.h"
#include "signals/transaction_log.h"

namespace premura {

class Changelog {
 public:
  struct Options {
    std::uint32_t partitions = 1;
    // Tells owners apart.
    std::function<std::uint32_t()> random{};
  };
  // `log` must outlive it.
  Changelog(TransactionLog* log, Options options)
      : log_(log), options_(std::move(options)) {}

  // First of all: ends what an earlier life has left open, if it can.
  void Begin() { ready_ = log_->Init().ok(); }

  struct Opened {
    std::string waits;      // Not empty: not yet, and why. Try again soon,
    bool for_long = false;  // or, until somebody has seen to it, now and then.
    std::string damage;     // Not empty: nothing of it can be used.
    // Not empty: its beginning has been deleted, and with it what was known of
    // customers who have not changed since.
    std::string gap;
    // The group is not where the state is, which holds: somebody has moved it,
    // or a commit was torn.
    bool moved = false;
    std::optional<Progress> progress;  // nullopt: nothing is known.
    std::unordered_map<std::string, std::string> records;
  };
  // Takes the cell over. `inputs`: what it reads, by the source's names.
  // `impatient`: it has waited for long; ends what others have left open.
  // `anew`: what is known counts no more, and is erased by the first commit.
  Opened Open(CellId cell, const std::vector<std::string>& inputs,
              bool impatient, bool anew);

  struct GoneOn {
    std::string waits;  // Not empty: not yet, and why.
    bool ours = false;  // Else it has to be opened anew.
  };
  // A cell that was open, went, and has come back is as it was, unless somebody
  // else has written of it meanwhile. Who only thought of doing so can no more,
  // being a member of an earlier generation.
  GoneOn GoOn(CellId cell, const std::vector<std::string>& inputs,
              bool impatient);
  void Drop(CellId cell);

  // One transaction. Writes the cells that are open; passes over the others.
  CheckpointResult Write(const std::vector<CheckpointPart>& parts);

  struct Counts {
    std::uint64_t torn = 0;    // Commits found in part or of former owners.
    std::uint64_t moved = 0;   // Cells whose group was elsewhere.
    std::uint64_t fenced = 0;  // Checkpoints that were too late.
  };
  Counts counts() const;

 private:
  // What is to be known of an open cell to write it.
  struct Writing {
    std::vector<Takeover> takeovers;
    std::uint64_t number = 0;  // Of the last commit, or try.
    std::int64_t end = 0;      // Of the log, at least.
    std::int64_t longer = 0;   // By so much, if the last try is in it.
    // Up to here nobody else has written, and we so many records since, each
    // commit's end being one.
    std::int64_t looked = 0;
    std::int64_t grown = 0;
    std::vector<std::pair<std::string, std::optional<std::string>>> repairs;
    bool fresh = false;    // The first commit is to say so.
    bool claimed = false;  // Nobody else can have come between.
    // Of the last try, whose fate is not known.
    bool doubtful = false;
    bool written = false;  // Of the checkpoint at hand.

    // The last try is in the log.
    void BecomeWritten() {
      written = true;
      fresh = false;
      repairs.clear();
    }
  };
  // A cell's share of a checkpoint.
  struct Share {
    std::vector<const CheckpointPart*> parts;
    const CheckpointPart* feed = nullptr;  // Has positions and membership.
  };
  using Shares = std::map<CellId, Share>;

  static Shares SharesOf(const std::vector<CheckpointPart>& parts);
  CheckpointResult TryOnce(Shares shares);
  LogTrouble AppendAll(Shares* shares);
  LogTrouble Append(std::uint32_t partition, const Share& share,
                    const Writing& writing, std::int64_t* appended);
  LogTrouble SendPositions(const Shares& shares);
  CheckpointResult GiveUp(const LogTrouble& trouble);
  CheckpointResult Doubt(const Shares& shares, const LogTrouble& trouble);
  // Looks which of the doubtful are there.
  CheckpointResult Resolve(const Shares& shares);
  enum class Seen { kOurs, kNothing, kOthers };
  Result<Seen> Look(std::uint32_t partition, const Writing& writing);
  Result<Seen> LookFrom(std::int64_t from, const TransactionLog::Ends& ends,
                        std::uint32_t partition, const Writing& writing);
  CheckpointResult Claim(const Shares& shares);
  void CountLengths(const Shares& shares);
  CheckpointResult LookAtEnds(const Shares& shares);

  // An open cell may go at any moment: what is to be known of it is copied,
  // and changed only if it is still there.
  std::optional<Writing> CopyOf(CellId cell) const;
  template <typename F>
  void Change(CellId cell, const F& change) {
    const std::lock_guard lock(mutex_);
    const auto it = open_.find(cell);
    if (it != open_.end()) change(&it->second);
  }
  template <typename F>
  void ChangeAll(const Shares& shares, const F& change) {
    for (const auto& [id, share] : shares) Change(id, change);
  }

  // Where the log ends and what the group has committed, once both are decided.
  struct Decided {
    std::string waits;
    bool undecided = false;  // The log; what is committed is not known then.
    TransactionLog::Ends ends{};
    std::map<std::string, std::int64_t> committed{};
  };
  Decided Decide(CellId cell, const std::vector<std::string>& inputs,
                 bool impatient);
  Opened Read(CellId cell, const TransactionLog::Ends& ends, bool anew,
              std::uint64_t* torn);
  Writing TakeOver(FoldedChangelog* folded, const TransactionLog::Ends& ends,
                   bool anew) const;
  // Has what others have left open ended; says so.
  std::string EndUndecided(CellId cell);
  bool WasMadeAnew(std::uint32_t partition, const TransactionLog::Ends& ends);
  static void AddOwner(Writing* writing, Takeover owner);

  TransactionLog* const log_;
  const Options options_;
  bool ready_ = false;  // The log's writer can begin a transaction.
  std::uint64_t commits_ = 0;

  mutable std::mutex mutex_;  // Guards what follows.
  std::map<CellId, Writing> open_;
  // Where each partition's log ended, at least: one that ends before that is
  // another log.
  std::map<std::uint32_t, std::int64_t> ends_;
  Counts counts_;
};

}  // namespace premura
