// SPDX-License-Identifier: Apache-2.0
// How a cell is taken over from its former owner: once all that was before is
// decided, the partition is read, and the next commit says who goes on.

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "signals/changelog.h"

namespace premura {
namespace {

// So many owners back a late commit of theirs is known for one.
constexpr std::size_t kTakeoversKept = 16;

// Up to where the log's beginning had been deleted when somebody was told.
std::int64_t TakeKnownGap(FoldedChangelog* folded) {
  const auto it = folded->records.find(std::string(kGapKey));
  if (it == folded->records.end()) return 0;
  std::int64_t known = 0;
  std::from_chars(it->second.data(), it->second.data() + it->second.size(),
                  known);
  folded->records.erase(it);
  return known;
}

}  // namespace

Changelog::Opened Changelog::Open(CellId cell,
                                  const std::vector<std::string>& inputs,
                                  bool impatient, bool anew) {
  Opened opened;
  if (cell.number >= options_.partitions) {
    opened.waits = fmt::format(
        "the source's topics had {} partitions when premura started, and have "
        "more now: customers are in others than their state is. Stop all "
        "instances, name another `state.kafka.changelog_topic`, and start them",
        options_.partitions);
    opened.for_long = true;
    return opened;
  }
  const Decided decided = Decide(cell, inputs, impatient);
  if (!decided.waits.empty()) {
    opened.waits = decided.waits;
    return opened;
  }
  if (decided.undecided) {
    opened.waits = EndUndecided(cell);
    return opened;
  }
  if (!anew && WasMadeAnew(cell.number, decided.ends)) {
    opened.damage = "the changelog was made anew while premura ran";
    return opened;
  }
  std::uint64_t torn = 0;
  opened = Read(cell, decided.ends, anew, &torn);
  if (!opened.waits.empty()) return opened;
  for (const auto& [name, position] : decided.committed) {
    if (!opened.progress) break;
    const auto it = opened.progress->positions.find(name);
    if (it != opened.progress->positions.end() && it->second != position) {
      opened.moved = true;
    }
  }
  const std::lock_guard lock(mutex_);
  counts_.torn += torn;
  counts_.moved += opened.moved ? 1 : 0;
  return opened;
}

Changelog::GoneOn Changelog::GoOn(CellId cell,
                                  const std::vector<std::string>& inputs,
                                  bool impatient) {
  GoneOn gone_on;
  const Decided decided = Decide(cell, inputs, impatient);
  gone_on.waits =
      decided.undecided && impatient ? EndUndecided(cell) : decided.waits;
  if (!gone_on.waits.empty()) return gone_on;
  const std::optional<Writing> known = CopyOf(cell);
  if (!known || !known->claimed || known->doubtful) return gone_on;
  if (WasMadeAnew(cell.number, decided.ends)) return gone_on;
  const Result<Seen> seen =
      LookFrom(known->end, decided.ends, cell.number, *known);
  if (!seen.ok()) {
    gone_on.waits = seen.error().message;
    return gone_on;
  }
  if (seen.value() == Seen::kOthers) return gone_on;
  Change(cell, [&](Writing* it) {
    if (it->number != known->number || it->doubtful) return;
    // Who would have gone on in between is of this epoch at most.
    AddOwner(it, {known->takeovers.back().epoch + 1, options_.random(),
                  known->number});
    it->end = it->looked = ends_[cell.number] = decided.ends.stable;
    it->grown = 0;
    it->claimed = false;
    gone_on.ours = true;
  });
  return gone_on;
}

// The group's word first: once it is decided, so is all that went before it.
Changelog::Decided Changelog::Decide(CellId cell,
                                     const std::vector<std::string>& inputs,
                                     bool impatient) {
  Decided decided;
  const auto committed = log_->CommittedOf(inputs);
  if (!committed.ok()) {
    decided.waits = committed.error().message;
    return decided;
  }
  const auto ends = log_->EndsOf(cell.number);
  if (!ends.ok()) {
    decided.waits = ends.error().message;
    return decided;
  }
  decided.ends = ends.value();
  decided.undecided = ends.value().stable < ends.value().last;
  if (decided.undecided && !impatient) {
    decided.waits = "a former owner's transaction is not over";
  } else if (!decided.undecided && !committed.value()) {
    // A group whose broker is slow says nothing either: that ends nobody's
    // transaction.
    decided.waits =
        "a former owner's transaction is not over, or the group's broker is "
        "slow";
  }
  if (committed.value()) decided.committed = *committed.value();
  return decided;
}

Changelog::Opened Changelog::Read(CellId cell, const TransactionLog::Ends& ends,
                                  bool anew, std::uint64_t* torn) {
  Opened opened;
  ChangelogFold fold;
  const Status read =
      log_->Read(cell.number, ends.first, ends.stable,
                 [&fold](const LogRecord& record) { fold.Take(record); });
  if (!read.ok()) {
    opened.waits = read.error().message;
    return opened;
  }
  FoldedChangelog folded = fold.Finish();
  if (!folded.foreign.empty()) {
    opened.waits = "the changelog cannot be read: " + folded.foreign;
    opened.for_long = true;
    return opened;
  }
  const std::int64_t known_gap = TakeKnownGap(&folded);
  if (folded.damage.empty() && folded.progress &&
      folded.progress->partitions != options_.partitions) {
    folded.damage =
        "the topic had " + std::to_string(folded.progress->partitions) +
        " partitions, and has " + std::to_string(options_.partitions) +
        ": customers are in others now";
  }
  Writing writing = TakeOver(&folded, ends, anew);
  // What is left vouches for itself.
  if (ends.first > (anew ? 0 : known_gap)) {
    writing.repairs.emplace_back(kGapKey, std::to_string(ends.first));
    if (folded.progress) {
      opened.gap = fmt::format(
          "the changelog begins at {}: it was shortened, and customers who "
          "have not changed since are not in it any more",
          ends.first);
    }
  }
  *torn = folded.torn;
  const std::lock_guard lock(mutex_);
  ends_[cell.number] = ends.stable;
  open_[cell] = std::move(writing);
  opened.damage = std::move(folded.damage);
  opened.progress = std::move(folded.progress);
  opened.records = std::move(folded.records);
  return opened;
}

Changelog::Writing Changelog::TakeOver(FoldedChangelog* folded,
                                       const TransactionLog::Ends& ends,
                                       bool anew) const {
  Writing writing;
  if (folded->progress) writing.takeovers = folded->progress->takeovers;
  AddOwner(&writing, {folded->epoch + 1, options_.random(),
                      folded->progress ? folded->progress->number : 0});
  writing.number = folded->number;
  writing.end = writing.looked = ends.stable;
  writing.repairs = std::move(folded->repairs);
  if (!anew) return writing;
  writing.fresh = true;
  for (const auto& [key, value] : folded->records) {
    writing.repairs.emplace_back(key, std::nullopt);
  }
  folded->records.clear();
  folded->progress.reset();
  folded->damage.clear();
  return writing;
}

std::string Changelog::EndUndecided(CellId cell) {
  const LogTrouble ended = log_->AbortUndecided(cell.number);
  if (ended.ok()) return "a former owner's transaction is being ended";
  return "a former owner's transaction is not over: " + ended.words;
}

bool Changelog::WasMadeAnew(std::uint32_t partition,
                            const TransactionLog::Ends& ends) {
  const std::lock_guard lock(mutex_);
  const auto known = ends_.find(partition);
  return known != ends_.end() && ends.last < known->second;
}

void Changelog::AddOwner(Writing* writing, Takeover owner) {
  writing->takeovers.push_back(owner);
  while (writing->takeovers.size() > kTakeoversKept) {
    writing->takeovers.erase(writing->takeovers.begin());
  }
}

void Changelog::Drop(CellId cell) {
  const std::lock_guard lock(mutex_);
  open_.erase(cell);
}

}  // namespace premura
