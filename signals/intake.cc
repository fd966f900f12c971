// SPDX-License-Identifier: Apache-2.0

#include "signals/intake.h"

#include <algorithm>
#include <utility>

#include "signals/held_events.h"
#include "signals/seen_log.h"
#include "signals/watermark.h"

namespace premura {

namespace {

// Events held back at most, whatever `reorder` says.
constexpr std::size_t kMostHeld = 1'000'000;

class IntakeImpl final : public Intake, private DecodeSink {
 public:
  IntakeImpl(const IntakeOptions& options, EventDecoder* decoder,
             IntakeSink* sink)
      : options_(options),
        decoder_(decoder),
        sink_(sink),
        duplicates_(options.dedup_window) {}

  void Take(const Record& record, Timestamp now) override {
    record_ = &record;
    now_ = now;
    number_ = 0;
    read_before_ = FindReadBefore(record);
    positions_.Read(record.partition, record.position);
    arrived_.Stir(record.partition);
    decoder_->Decode(record, this);
    record_ = nullptr;
  }

  void AddPartition(std::uint32_t partition) override {
    arrived_.Add(partition);
  }

  void ResumePartition(std::uint32_t partition,
                       PartitionProgress from) override {
    arrived_.Resume(partition, from.reached);
    positions_.Resume(partition, from.position);
    if (from.read > from.position) resumed_[partition] = std::move(from);
  }

  // What is held back of it is dropped: it is read again by the next owner.
  void RemovePartition(std::uint32_t partition) override {
    held_.DropPartition(partition);
    duplicates_.Drop(partition);
    positions_.Drop(partition);
    resumed_.erase(partition);
    arrived_.Remove(partition);
    Settle();
  }

  void CaughtUp(std::uint32_t partition) override {
    arrived_.CaughtUp(partition);
    Settle();
  }

  void LoseEnd(std::uint32_t partition) override { arrived_.Stir(partition); }

  void Tick(Timestamp now) override {
    arrived_.Tick(now);
    Settle();
  }

  void LoseQuiet() override { arrived_.LoseQuiet(); }

  void Finish(std::optional<Timestamp> until) override {
    while (!held_.empty()) HandOnOldest();
    const std::optional<Timestamp> newest = arrived_.Newest();
    if (newest && !Reorders()) MoveClock(*newest - options_.allowed_lateness);
    if (until) MoveClock(*until);
    TellClock();
  }

  void MarkHeld() override { held_.Mark(); }
  bool HoldsOlder() const override { return held_.holds_older(); }
  Timestamp clock() const override { return clock_; }
  bool Behind() const override { return arrived_.Behind(); }
  Positions HandedOn() const override { return positions_.positions(); }

  IntakeProgress Progress() const override {
    IntakeProgress progress{clock_, duplicates_.seeds(), {}};
    for (const auto& [number, position] : positions_.positions()) {
      PartitionProgress& it = progress.partitions[number];
      it.position = position;
      it.read = positions_.Next(number);
      it.held = positions_.Held(number);
      it.reached = arrived_.Reached(number);
      AddUnread(number, &it);
    }
    return progress;
  }

  std::size_t Remembered() const override { return duplicates_.size(); }

  void SaveSeen(std::string_view source, CheckpointRecords* to) override {
    seen_log_.Save(source, options_.dedup_window, clock_, &duplicates_, to);
  }

  void Resume(const IntakeProgress& progress) override {
    clock_ = progress.clock;
    if (progress.seeds != DuplicateFilter::Seeds{}) {
      duplicates_.Use(progress.seeds);
    }
  }

  bool LoadSeen(std::string_view key, std::string_view bytes) override {
    return seen_log_.Load(key, bytes, &duplicates_);
  }

 private:
  bool Reorders() const { return options_.reorder > Duration::zero(); }

  // --- What was read before --------------------------------------------------

  // How far its partition had come, if the record had been read; else nullptr.
  const PartitionProgress* FindReadBefore(const Record& record) {
    if (resumed_.empty()) return nullptr;
    const auto it = resumed_.find(record.partition);
    if (it == resumed_.end()) return nullptr;
    if (record.position < it->second.read) return &it->second;
    resumed_.erase(it);
    return nullptr;
  }

  // Whether the next event of the record at hand had been handed on.
  bool WasHandedOn() {
    const EventPlace place{record_->position, number_++};
    return read_before_ != nullptr &&
           !std::binary_search(read_before_->held.begin(),
                               read_before_->held.end(), place);
  }

  // Of what had been read, and has not been again.
  void AddUnread(std::uint32_t partition, PartitionProgress* progress) const {
    const auto it = resumed_.find(partition);
    if (it == resumed_.end() || progress->read >= it->second.read) return;
    const std::vector<EventPlace>& held = it->second.held;
    progress->held.insert(progress->held.end(),
                          std::lower_bound(held.begin(), held.end(),
                                           EventPlace{progress->read, 0}),
                          held.end());
    progress->read = it->second.read;
  }

  // --- DecodeSink ------------------------------------------------------------

  void OnEvent(const Event& decoded) override {
    if (WasHandedOn()) return;
    if (IsFuture(decoded.time)) {
      sink_->OnFutureTime();
      return sink_->OnRefused(
          *record_, Refusal::kFutureTime,
          FormatInstant(decoded.time) + " is still to come");
    }
    Event event = decoded;
    event.origin = record_->partition;
    if (!Reorders()) return HandOn(event);
    held_.Hold(event, record_->partition, Place());
    Arrived(event.time);
  }

  void OnProfile(ProfileChange change, Timestamp time) override {
    if (WasHandedOn()) return;
    // It holds from now on, whatever its time: it may be a withdrawn consent.
    change.origin = record_->partition;
    if (IsFuture(time)) {
      sink_->OnFutureTime();
      return sink_->OnProfile(std::move(change));
    }
    if (!Reorders()) return HandOn(std::move(change), time);
    held_.Hold(std::move(change), time, record_->partition, Place());
    Arrived(time);
  }

  void OnRefused(Refusal reason, std::string_view detail) override {
    if (read_before_ != nullptr) return;  // And is kept.
    sink_->OnRefused(*record_, reason, detail);
  }

  // --- Order -----------------------------------------------------------------

  // Of the event at hand, which has been counted.
  EventPlace Place() const { return {record_->position, number_ - 1}; }

  void Arrived(Timestamp time) {
    positions_.Hold(record_->partition, number_ - 1);
    arrived_.Saw(record_->partition, time);
    HandOnDue();
  }

  void HandOnDue() {
    const std::optional<Timestamp> reached = arrived_.Reached();
    while (reached && !held_.empty() &&
           held_.oldest() + options_.reorder <= *reached) {
      HandOnOldest();
    }
    // One partition that says nothing must not fill the memory with the others.
    while (held_.size() > kMostHeld) HandOnOldest();
  }

  void HandOnOldest() {
    HeldEvent held = held_.TakeOldest();
    positions_.Release(held.partition, held.place);
    if (held.profile) {
      HandOn(std::move(*held.profile), held.time);
    } else {
      HandOn(held.event);
    }
    held_.Recycle(std::move(held));
  }

  // --- Clock -----------------------------------------------------------------

  void HandOn(Event event) {
    DuplicateFilter::Key key;
    if (!event.id.empty()) {
      key = duplicates_.KeyOf(event.customer, event.id);
      if (duplicates_.Seen(key, clock_)) return sink_->OnDuplicate();
    }
    Count(event.time, event.origin);
    if (!event.id.empty()) {
      duplicates_.Remember(key, clock_, event.origin);
    }
    event.clock = clock_;
    sink_->OnEvent(event);
  }

  void HandOn(ProfileChange change, Timestamp time) {
    Count(time, record_ == nullptr ? 0 : record_->partition);
    TellClock();
    change.time = time;
    sink_->OnProfile(std::move(change));
  }

  // The time of an event that is handed on now moves the clock.
  void Count(Timestamp time, std::uint32_t partition) {
    if (Reorders()) {
      if (time < clock_) sink_->OnLate();
      return MoveClock(time - options_.allowed_lateness);
    }
    const std::optional<Timestamp> before = arrived_.Reached(partition);
    if (before && time < *before - options_.allowed_lateness) sink_->OnLate();
    arrived_.Saw(partition, time);
    FollowArrivals();
  }

  bool IsFuture(Timestamp time) const {
    return options_.future_cap && time > now_ + *options_.future_cap;
  }

  void FollowArrivals() {
    const std::optional<Timestamp> reached = arrived_.Reached();
    if (reached) MoveClock(*reached - options_.allowed_lateness);
  }

  // Partitions came, went or fell quiet.
  void Settle() {
    if (!Reorders()) {
      FollowArrivals();
    } else {
      HandOnDue();
      const std::optional<Timestamp> reached = arrived_.Reached();
      if (reached && arrived_.AllIdle()) {
        MoveClock(*reached - options_.reorder - options_.allowed_lateness);
      }
    }
    TellClock();
  }

  void MoveClock(Timestamp clock) {
    if (clock <= clock_) return;
    if (clock_ == Timestamp{}) duplicates_.Begin(clock);
    clock_ = clock;
  }

  // Events carry the clock to whoever gets them; this tells all others.
  void TellClock() {
    if (clock_ == told_) return;
    told_ = clock_;
    sink_->OnClock(clock_);
  }

  const IntakeOptions options_;
  EventDecoder* const decoder_;
  IntakeSink* const sink_;
  DuplicateFilter duplicates_;
  SeenLog seen_log_;
  Watermark arrived_;
  HeldEvents held_;
  HandedOnPositions positions_;
  // Partitions of which is read again what had been read.
  std::map<std::uint32_t, PartitionProgress> resumed_;
  Timestamp clock_{};  // The epoch: has not begun.
  Timestamp told_{};   // What OnClock() said last.

  // Of the record at hand.
  const Record* record_ = nullptr;
  Timestamp now_{};
  std::uint32_t number_ = 0;  // Of its events so far.
  const PartitionProgress* read_before_ = nullptr;
};

}  // namespace

std::unique_ptr<Intake> NewIntake(const IntakeOptions& options,
                                  EventDecoder* decoder, IntakeSink* sink) {
  return std::make_unique<IntakeImpl>(options, decoder, sink);
}

}  // namespace premura
