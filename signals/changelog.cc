// SPDX-License-Identifier: Apache-2.0
#include "signals/changelog.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

namespace premura {
namespace {

using Fate = CheckpointResult::Fate;
using Kind = LogTrouble::Kind;

constexpr std::uint64_t kLookEvery = 16;

CheckpointResult TryAgain(const std::string& why) {
  return {Fate::kTryAgain, why};
}

CheckpointResult OthersHaveWritten() {
  return {Fate::kVoid, "another owner has written meanwhile"};
}

// Of each key the last: compaction leaves no other, and a commit that had both
// would not be whole then.
using LastOfEach =
    std::unordered_map<std::string, std::optional<std::string_view>>;

std::string KeyOf(RecordKind kind, std::string_view key) {
  std::string whole(1, static_cast<char>(kind));
  whole += key;
  return whole;
}

}  // namespace

// --- Committing --------------------------------------------------------------

Changelog::Shares Changelog::SharesOf(
    const std::vector<CheckpointPart>& parts) {
  Shares shares;
  for (const CheckpointPart& part : parts) {
    Share& share = shares[part.cell];
    share.parts.push_back(&part);
    if (part.membership != nullptr) share.feed = &part;
  }
  // Without its feed's word nothing can be said of a cell.
  std::erase_if(shares,
                [](const auto& it) { return it.second.feed == nullptr; });
  return shares;
}

CheckpointResult Changelog::Write(const std::vector<CheckpointPart>& parts) {
  // Even with nothing to write: what we have left open ourselves may be what
  // our cells wait for.
  if (!ready_) {
    const LogTrouble begun = log_->Init();
    if (!begun.ok()) return TryAgain(begun.words);
    ready_ = true;
  }
  Shares shares = SharesOf(parts);
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(shares,
                  [this](const auto& it) { return !open_.contains(it.first); });
  }
  if (shares.empty()) return {};  // Whoever has them now writes them.
  CheckpointResult result = Resolve(shares);
  if (result.fate == Fate::kWritten) result = TryOnce(shares);
  if (result.fate == Fate::kWritten) {
    ChangeAll(shares, [](Writing* cell) { cell->written = false; });
  }
  if (result.fate != Fate::kVoid) return result;
  // What is lost with this one the next would not have: they must be opened
  // anew before anything is written of them.
  const std::lock_guard lock(mutex_);
  ++counts_.fenced;
  for (const auto& [id, share] : shares) open_.erase(id);
  return result;
}

// What a try before has brought into the log is not written again.
CheckpointResult Changelog::TryOnce(Shares shares) {
  bool all_written = true;
  ChangeAll(shares, [&](Writing* cell) { all_written &= cell->written; });
  if (all_written) return Claim(shares);
  if (const LogTrouble begun = log_->Begin(); !begun.ok()) {
    ready_ = false;
    return TryAgain(begun.words);
  }
  if (const LogTrouble put = AppendAll(&shares); !put.ok()) return GiveUp(put);
  if (shares.empty()) {
    (void)log_->Abort();
    ready_ = false;
    return {};
  }
  if (const LogTrouble sent = SendPositions(shares); !sent.ok()) {
    return GiveUp(sent);
  }
  if (const LogTrouble done = log_->Commit(); !done.ok()) {
    return Doubt(shares, done);
  }
  ChangeAll(shares, [](Writing* cell) { cell->BecomeWritten(); });
  CheckpointResult result = Claim(shares);
  CountLengths(shares);
  if (result.fate != Fate::kWritten || ++commits_ % kLookEvery != 0) {
    return result;
  }
  return LookAtEnds(shares);
}

// A log is as long at least as what has been committed to it. (What ends a
// transaction has a place, too, but may come a moment later.)
void Changelog::CountLengths(const Shares& shares) {
  for (const auto& [id, share] : shares) {
    Change(id, [this, number = id.number](Writing* cell) {
      if (!cell->claimed || !cell->written) return;
      cell->end += cell->longer;
      cell->grown += std::exchange(cell->longer, 0) + 1;
      ends_[number] = cell->end;
    });
  }
}

// So that a doubt has little to read; a log that lacks what had been decided is
// found out, another having been made in its place; and so is what a former
// owner has written late, before compaction prefers it to ours.
CheckpointResult Changelog::LookAtEnds(const Shares& shares) {
  for (const auto& [id, share] : shares) {
    const auto ends = log_->EndsOf(id.number);
    if (!ends.ok()) break;  // Another time: each may take long.
    const std::int64_t stable = ends.value().stable;
    const std::optional<Writing> cell = CopyOf(id);
    if (!cell || !cell->claimed) continue;
    if (ends.value().last < cell->end) {
      return {Fate::kVoid, "the changelog was made anew meanwhile"};
    }
    if (stable < ends.value().last) continue;
    if (stable != cell->looked + cell->grown) {
      const Result<Seen> seen =
          LookFrom(cell->looked, ends.value(), id.number, *cell);
      if (!seen.ok()) break;
      if (seen.value() == Seen::kOthers) return OthersHaveWritten();
    }
    Change(id, [this, number = id.number, end = stable](Writing* it) {
      if (!it->claimed) return;  // Taken over anew meanwhile.
      it->end = it->looked = ends_[number] = end;
      it->grown = 0;
    });
  }
  return {};
}

// Nobody waits meanwhile who only wants to drop a cell. Of one that has gone
// nothing is said of where it is, either.
LogTrouble Changelog::AppendAll(Shares* shares) {
  for (auto each = shares->begin(); each != shares->end();) {
    const CellId id = each->first;
    Change(id, [](Writing* cell) { cell->number += cell->written ? 0 : 1; });
    const std::optional<Writing> cell = CopyOf(id);
    if (!cell) {
      each = shares->erase(each);
      continue;
    }
    if (!cell->written) {
      std::int64_t records = 0;
      LogTrouble put = Append(id.number, each->second, *cell, &records);
      if (!put.ok()) return put;
      Change(id, [records](Writing* it) { it->longer = records; });
    }
    ++each;
  }
  return {};
}

// Each try is a commit of its own: of one that was torn nothing is taken for
// another's.
LogTrouble Changelog::Append(std::uint32_t partition, const Share& share,
                             const Writing& writing, std::int64_t* appended) {
  Progress progress;
  progress.takeovers = writing.takeovers;
  progress.number = writing.number;
  progress.fresh = writing.fresh;
  progress.writer = log_->writer();
  progress.partitions = options_.partitions;
  progress.positions = share.feed->positions;
  LogTrouble trouble;
  const auto put = [&](const std::string& key,
                       std::optional<std::string_view> value) {
    if (!trouble.ok()) return;
    const std::uint32_t checksum = ChecksumOf(key, value);
    if (value && key != kProgressKey) {
      ++progress.records;
      progress.checksums += checksum;
    }
    trouble = log_->Append(
        partition, {key, value, PackHead({progress.stamp(), checksum})});
  };
  LastOfEach last;
  for (const auto& [key, value] : writing.repairs) last[key] = value;
  for (const CheckpointPart* part : share.parts) {
    part->records.ForEach(
        [&](RecordKind kind, std::string_view key, std::string_view bytes) {
          if (kind == RecordKind::kSource) {
            progress.source = bytes;
          } else {
            last[KeyOf(kind, key)] =
                bytes.empty() ? std::optional<std::string_view>() : bytes;
          }
        });
  }
  for (const auto& [key, value] : last) put(key, value);
  const std::string bytes = Pack(progress);
  put(std::string(kProgressKey), bytes);
  *appended = static_cast<std::int64_t>(last.size()) + 1;
  return trouble;
}

LogTrouble Changelog::SendPositions(const Shares& shares) {
  std::map<const Membership*, std::map<std::string, std::int64_t>> all;
  for (const auto& [id, share] : shares) {
    auto& positions = all[share.feed->membership.get()];
    positions.insert(share.feed->positions.begin(),
                     share.feed->positions.end());
  }
  constexpr int kTries = 3;
  for (const auto& [membership, positions] : all) {
    LogTrouble sent;
    for (int i = 0; i < kTries; ++i) {
      sent = log_->SendPositions(positions, membership);
      if (sent.kind != Kind::kRetry) break;
    }
    if (!sent.ok()) return sent;
  }
  return {};
}

// Nothing of it can have been committed, but for what a late end of an earlier
// one has. An abort that is late would take from the next one what is taken for
// written: the producer is thrown away.
CheckpointResult Changelog::GiveUp(const LogTrouble& trouble) {
  if (trouble.kind != Kind::kFatal) (void)log_->Abort();
  ready_ = false;
  if (trouble.kind == Kind::kFenced) return {Fate::kVoid, trouble.words};
  return TryAgain(trouble.words);
}

// A commit that is late must not meet the next transaction: the producer is
// thrown away.
CheckpointResult Changelog::Doubt(const Shares& shares,
                                  const LogTrouble& trouble) {
  ready_ = false;
  ChangeAll(shares, [](Writing* cell) { cell->doubtful |= !cell->written; });
  return TryAgain(trouble.words);
}

CheckpointResult Changelog::Resolve(const Shares& shares) {
  for (const auto& [id, share] : shares) {
    const std::optional<Writing> cell = CopyOf(id);
    if (!cell || !cell->doubtful) continue;
    const Result<Seen> seen = Look(id.number, *cell);
    if (!seen.ok()) return TryAgain(seen.error().message);
    if (seen.value() == Seen::kOthers) return OthersHaveWritten();
    Change(id, [ours = seen.value() == Seen::kOurs](Writing* it) {
      it->doubtful = false;
      if (ours) it->BecomeWritten();
    });
  }
  return {};
}

// Whether our last try is there, whole, and nobody else's.
Result<Changelog::Seen> Changelog::Look(std::uint32_t partition,
                                        const Writing& writing) {
  const auto ends = log_->EndsOf(partition);
  if (!ends.ok()) return ends.error();
  if (ends.value().stable < ends.value().last) {
    return Error{"a transaction is not over"};
  }
  return LookFrom(writing.end, ends.value(), partition, writing);
}

Result<Changelog::Seen> Changelog::LookFrom(std::int64_t from,
                                            const TransactionLog::Ends& ends,
                                            std::uint32_t partition,
                                            const Writing& writing) {
  const Takeover& us = writing.takeovers.back();
  const Stamp ours = {us.epoch, us.owner, writing.number};
  bool found = false;
  bool others = false;
  std::uint64_t records = 0;
  std::uint64_t checksums = 0;
  const Status read = log_->Read(
      partition, std::max(from, ends.first), ends.stable,
      [&](const LogRecord& record) {
        const Result<ChangelogHead> head = UnpackHead(record.head);
        if (!head.ok()) return;
        const Stamp& stamp = head.value().stamp;
        if (stamp.epoch != ours.epoch || stamp.owner != ours.owner) {
          others = true;
        }
        if (stamp != ours) return;
        if (record.key != kProgressKey) {
          records += record.value ? 1 : 0;
          checksums += record.value ? head.value().checksum : 0;
          return;
        }
        Progress progress;
        found = record.value && Unpack(*record.value, &progress) &&
                progress.records == records && progress.checksums == checksums;
      });
  if (!read.ok()) return read.error();
  if (others) return Seen::kOthers;
  return found ? Seen::kOurs : Seen::kNothing;
}

// The first commit of an owner says that it is one. What another has committed
// between its look at the log and that, it does not know of.
CheckpointResult Changelog::Claim(const Shares& shares) {
  for (const auto& [id, share] : shares) {
    const std::optional<Writing> cell = CopyOf(id);
    if (!cell || cell->claimed) continue;
    const Result<Seen> seen = Look(id.number, *cell);
    // With the next commit: nothing hangs on it, but a stop may wait for this.
    if (!seen.ok()) return {};
    if (seen.value() == Seen::kOthers) return OthersHaveWritten();
    if (seen.value() == Seen::kNothing) {
      return {Fate::kVoid, "what was committed is not there"};
    }
    Change(id, [](Writing* it) { it->claimed = true; });
  }
  return {};
}

// --- What is open ------------------------------------------------------------

std::optional<Changelog::Writing> Changelog::CopyOf(CellId cell) const {
  const std::lock_guard lock(mutex_);
  const auto it = open_.find(cell);
  if (it == open_.end()) return std::nullopt;
  return it->second;
}

Changelog::Counts Changelog::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace premura
