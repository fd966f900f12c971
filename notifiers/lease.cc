// SPDX-License-Identifier: Apache-2.0
#include "notifiers/lease.h"

#include <time.h>

#include "notifiers/courier.h"

namespace premura {

static_assert(Lease::kGone >= Lease::kHeld + kSilence + Lease::kHeld);

Duration Boottime() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::duration_cast<Duration>(
      std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

bool Lease::Holds() const {
  if (!database_->shared()) return true;
  return kept_at_ && boottime_() - *kept_at_ < kHeld;
}

Status Lease::Keep() {
  if (!database_->shared()) return {};
  const Duration now = boottime_();
  if (kept_at_ && now - *kept_at_ < kBeat) return {};
  if (auto status = Beat(); !status.ok()) return status;
  kept_at_ = now;
  return Look();
}

Status Lease::Beat() {
  return database_->Run(
      "insert into instances (name, beat) values (?, 1) "
      "on conflict (name) do update set beat = instances.beat + 1",
      {instance_});
}

Status Lease::Look() {
  const Duration now = boottime_();
  std::map<std::string, Seen> found;
  auto status = database_->Run(
      "select name, beat from instances where name <> ?", {instance_},
      [&](const SqlRow& row) {
        const std::string name(row.Text(0));
        Seen seen{row.Int(1), now};
        const auto known = others_.find(name);
        if (known != others_.end() && known->second.beat == seen.beat) {
          seen = known->second;
        }
        found.emplace(name, seen);
        return true;
      });
  if (status.ok()) others_ = std::move(found);
  return status;
}

std::vector<std::string> Lease::Gone() const {
  std::vector<std::string> gone;
  if (others_.empty()) return gone;
  const Duration now = boottime_();
  for (const auto& [name, seen] : others_) {
    if (now - seen.since >= kGone) gone.push_back(name);
  }
  return gone;
}

Result<bool> Lease::TakeOver(const std::string& gone) {
  const auto found = others_.find(gone);
  if (found == others_.end()) return false;
  auto status =
      database_->Run("delete from instances where name = ? and beat = ?",
                     {gone, found->second.beat});
  if (!status.ok()) return status.error();
  // If the transaction fails, the next look brings it back; from anew, which is
  // the safe side.
  others_.erase(found);
  return database_->Changes() == 1;
}

}  // namespace premura
