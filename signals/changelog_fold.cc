// SPDX-License-Identifier: Apache-2.0
#include "signals/changelog_fold.h"

#include <algorithm>
#include <limits>

namespace premura {

void ChangelogFold::Take(const LogRecord& record) {
  if (record.head.empty()) return PassOver(record);
  if (IsOfAnotherFormat(record.head)) {
    folded_.foreign = UnpackHead(record.head).error().message;
    return;
  }
  const Result<ChangelogHead> head = UnpackHead(record.head);
  if (!head.ok()) {
    versions_[std::string(record.key)];  // To be written over.
    return Damage(head.error().message);
  }
  if (head.value().checksum != ChecksumOf(record.key, record.value)) {
    versions_[std::string(record.key)];  // To be written over.
    return Damage("a record is damaged");
  }
  folded_.epoch = std::max(folded_.epoch, head.value().stamp.epoch);
  folded_.number = std::max(folded_.number, head.value().stamp.number);
  if (record.key == kProgressKey) {
    TakeProgress(record, head.value().stamp);
  } else {
    TakeState(record, head.value());
  }
}

// Somebody else's, whom nobody vouches for. Where it has taken a key of ours,
// what counts is written over it.
void ChangelogFold::PassOver(const LogRecord& record) {
  if (record.key.empty() || record.key == kProgressKey) {
    ++folded_.torn;
    return;
  }
  constexpr Stamp kNobodys = {.epoch =
                                  std::numeric_limits<std::uint32_t>::max()};
  versions_[std::string(record.key)].push_back({kNobodys, std::nullopt});
}

void ChangelogFold::Damage(std::string what) {
  if (folded_.damage.empty()) folded_.damage = std::move(what);
}

void ChangelogFold::TakeProgress(const LogRecord& record, const Stamp& stamp) {
  Progress progress;
  if (!record.value || !Unpack(*record.value, &progress) ||
      progress.stamp() != stamp) {
    return Damage("a progress record is damaged");
  }
  if (progress_ && !progress.Supersedes(*progress_)) {
    ++folded_.torn;  // A former owner's.
    return;
  }
  // Compaction may have taken some of its records, if there is a newer one.
  if (!IsWhole(progress)) {
    unvouched_ = true;
    return;
  }
  unvouched_ = false;
  progress_ = std::move(progress);
  sums_.clear();
  if (progress_->fresh) StartAfresh();
}

// Of its own commit all counts.
void ChangelogFold::StartAfresh() {
  folded_.damage.clear();
  for (auto& [key, versions] : versions_) {
    std::erase_if(versions, [this](const Version& version) {
      return version.stamp != progress_->stamp();
    });
  }
}

bool ChangelogFold::IsWhole(const Progress& progress) const {
  const auto it = sums_.find(progress.stamp());
  const Sum sum = it == sums_.end() ? Sum() : it->second;
  return sum.records == progress.records && sum.checksums == progress.checksums;
}

void ChangelogFold::TakeState(const LogRecord& record,
                              const ChangelogHead& head) {
  if (record.value) {
    Sum& sum = sums_[head.stamp];
    ++sum.records;
    sum.checksums += head.checksum;
  }
  std::vector<Version>& versions = versions_[std::string(record.key)];
  // Nobody goes back behind what counts.
  if (versions.size() > 1 && progress_) {
    const auto counts = std::find_if(
        versions.rbegin(), versions.rend(), [this](const Version& version) {
          return progress_->VouchesFor(version.stamp);
        });
    if (counts != versions.rend()) {
      versions.erase(versions.begin(), std::prev(counts.base()));
    }
  }
  std::optional<std::string> value;
  if (record.value) value = std::string(*record.value);
  versions.push_back({head.stamp, std::move(value)});
}

FoldedChangelog ChangelogFold::Finish() {
  if (unvouched_) ++folded_.torn;
  if (unvouched_ && !progress_) Damage("its last commit is not all there");
  folded_.progress = progress_;
  for (auto& [key, versions] : versions_) {
    const auto counts = std::find_if(
        versions.rbegin(), versions.rend(), [this](const Version& version) {
          return progress_ && progress_->VouchesFor(version.stamp);
        });
    std::optional<std::string> value;
    if (counts != versions.rend()) value = std::move(counts->value);
    if (versions.empty() || counts != versions.rbegin())
      folded_.repairs.emplace_back(key, value);
    if (value) folded_.records.emplace(key, *std::move(value));
  }
  if (!folded_.repairs.empty() && folded_.damage.empty()) ++folded_.torn;
  return std::move(folded_);
}

}  // namespace premura
