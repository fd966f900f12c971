// SPDX-License-Identifier: Apache-2.0
// deadline: a date of the profile comes near, or has passed. It looks at
// profiles, not at events.

#include <optional>

#include "signals/customer_zone.h"
#include "signals/detector.h"
#include "signals/profile_date.h"

namespace premura {

namespace {

// Where a day begins first and last. An unknown zone is the safe side: no
// reminder comes too late, and nobody is told too early that time is over.
constexpr const char* kFirstZone = "Etc/GMT-14";  // East of all: UTC+14.
constexpr const char* kLastZone = "Etc/GMT+12";

// So far apart they are: a date that is over may be ahead again when a zone
// becomes known, and must be remembered as told.
constexpr Duration kZones = std::chrono::hours(26);

// The timer stays when all is said, so that this is known until it is over.
struct DeadlineState : State {
  std::optional<ProfileDate> date;  // The last that the profile had.
  Timestamp told = kNever;          // The instant that was made of it.
  bool done = false;  // Detected, or `unless` came; until the date moves.

  static auto Fields(auto& own) {
    return std::tie(own.date, own.told, own.done);
  }
};

class Deadline final : public DetectorOf<DeadlineState> {
 public:
  explicit Deadline(const DeadlineSpec& spec) : spec_(spec) {}

  std::vector<Watch> Watches() const override { return {}; }
  bool LooksAtProfiles() const override { return true; }

  void Look(const Profile& profile, Timestamp now,
            State*& state) const override {
    const auto date = ReadProfileDate(profile.Get(spec_.field));
    const Timestamp due = date ? DueOn(*date, profile) : kNever;
    const bool over = !date || due < Earlier(now, kZones);
    if (state == nullptr && over) return;
    DeadlineState& own = Obtain(state);
    const bool moved = date && own.date != date;
    // Said again, or something else was: what is past stays past.
    if (!moved && own.told == due) return;
    const bool waits = own.due != kNever && !own.done;
    own.told = due;
    if (moved) own.done = false;
    if (date) {
      own.date = date;
      // A day that its zone moves behind us was ahead: it is told now.
      own.due = due >= now ? due : waits && !moved ? now : kNever;
    } else if (!own.done) {
      own.due = kNever;
    }
  }

  std::optional<Finding> Fire(State* state) const override {
    DeadlineState& own = As(state);
    const Timestamp due = std::exchange(own.due, kNever);
    if (std::exchange(own.done, true)) return std::nullopt;
    return Finding{due, {}};
  }

  void Reset(State*& state, Timestamp) const override {
    if (state != nullptr) As(state).done = true;
  }
  Duration Memory() const override { return kZones; }
  bool Forget(State*) const override { return true; }

  Standing Explain(const State* state, Timestamp) const override {
    Standing standing;
    if (state == nullptr) return standing;
    if (As(state).done) {
      standing.phase = Standing::Phase::kSpent;
    } else if (state->due != kNever) {
      standing.phase = Standing::Phase::kTimed;
      standing.fires_at = state->due;
    }
    return standing;
  }

 private:
  Timestamp DueOn(const ProfileDate& date, const Profile& profile) const {
    std::string zone;
    if (date.whole_day) zone = ZoneOf(profile);
    if (zone.empty()) zone = spec_.before ? kFirstZone : kLastZone;
    const Timestamp at = InstantOf(date, zone);
    return spec_.before ? Earlier(at, spec_.distance)
                        : Later(at, spec_.distance);
  }

  const DeadlineSpec& spec_;
};

}  // namespace

std::unique_ptr<Detector> NewDeadline(const DeadlineSpec& spec) {
  return std::make_unique<Deadline>(spec);
}

}  // namespace premura
