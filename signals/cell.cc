// SPDX-License-Identifier: Apache-2.0
#include "signals/cell.h"

#include <algorithm>
#include <utility>

namespace premura {
namespace {

class CustomerRecords final : public EngineRecords {
 public:
  explicit CustomerRecords(CheckpointRecords* to) : to_(to) {}
  void OnCustomer(std::string_view customer, std::string_view record) override {
    to_->Add(RecordKind::kCustomer, customer, record);
  }

 private:
  CheckpointRecords* const to_;
};

}  // namespace

void Cell::Collector::OnDetection(Detection detection) {
  if (made_up.contains(detection.origin)) return;
  output_->detections.push_back(std::move(detection));
}

void Cell::Collector::OnCancellation(Cancellation cancellation) {
  if (made_up.contains(cancellation.origin)) return;
  output_->Add(std::move(cancellation));
}

Cell::Cell(std::size_t sources, std::shared_ptr<const RuleSet> rules,
           ProfileStore* profiles, ShardOutput* output, CellOptions options)
    : profiles_(profiles),
      output_(output),
      keeps_profiles_(options.keeps_profiles),
      clocks_(sources, Timestamp::min()),
      collector_(output),
      owns_(std::move(options.owns)),
      engine_(NewEngine(std::move(rules), profiles, &collector_, owns_)) {}

void Cell::Take(std::size_t source, EventBatch* batch) {
  for (const EventBatch::Item& item : batch->items()) {
    if (item.what != EventBatch::Item::What::kProfile) continue;
    const ProfileChange& change = batch->profile(item.index);
    // What is made up for was told in an earlier life, but the rules' state and
    // their sight of profiles are older.
    if (!collector_.made_up.contains(change.origin)) {
      output_->profiles.push_back(change);
    }
    if (keeps_profiles_) profiled_.insert(change.customer);
  }
  batch->SetClocks(
      [this, source](Timestamp clock) { return ClockWith(source, clock); });
  engine_->Take(*batch);
}

// The smallest clock of all sources once `source` says `clock`; the end of time
// says that it has no opinion. Never goes back, not even when a source gains a
// partition that is behind.
Timestamp Cell::ClockWith(std::size_t source, Timestamp clock) {
  clocks_[source] = clock;
  const Timestamp least = *std::min_element(clocks_.begin(), clocks_.end());
  if (least != Timestamp::max()) clock_ = std::max(clock_, least);
  return clock_;
}

CellRecords Cell::Save(CellId id) {
  CellRecords saved;
  saved.cell = id;
  CustomerRecords customers(&saved.customers);
  saved.own = engine_->Save(&customers);
  SaveProfiles(&saved.customers);
  return saved;
}

void Cell::SaveProfiles(CheckpointRecords* to) {
  for (const std::string& customer : std::exchange(profiled_, {})) {
    to->Add(RecordKind::kProfile, customer,
            PackSaid(profiles_->Get(customer)->from_events()));
  }
}

Status Cell::LoadProfile(std::string_view customer, std::string_view record) {
  Result<SaidByEvents> said = UnpackSaid(record);
  if (!said.ok()) return said.error();
  profiles_->Restore(customer, std::move(said).value());
  return {};
}

void Cell::ForgetProfiles() {
  profiles_->ForgetSaid(owns_);
  knows_others_ = false;
}

void Cell::Load(const CheckpointRecords& customers) {
  customers.ForEach([this](RecordKind kind, std::string_view customer,
                           std::string_view record) {
    if (!loaded_.ok()) return;
    loaded_ = kind == RecordKind::kProfile ? LoadProfile(customer, record)
                                           : engine_->Load(customer, record);
    if (!loaded_.ok()) {
      loaded_ =
          loaded_.error().WithContext("customer " + std::string(customer));
    }
  });
}

void Cell::LoadOwn(std::string_view record, std::size_t spread) {
  if (loaded_.ok()) loaded_ = engine_->LoadOwn(record, spread);
}

Status Cell::EndLoading() {
  clock_ = std::max(clock_, engine_->Stats().clock);
  if (keeps_profiles_ && knows_others_) {
    for (std::string& customer : profiles_->Customers(owns_)) {
      const bool said = !profiles_->Get(customer)->from_events().empty();
      if (said) profiled_.insert(std::move(customer));
    }
  }
  return loaded_;
}

void Cell::SetMakingUp(std::uint32_t origin, bool making_up) {
  if (making_up) {
    collector_.made_up.insert(origin);
  } else {
    collector_.made_up.erase(origin);
  }
}

void Cell::Use(std::shared_ptr<const RuleSet> rules,
               const std::vector<std::string>& changed) {
  engine_->Use(std::move(rules));
  std::vector<std::string> own;
  for (const std::string& customer : changed) {
    if (owns_(customer)) own.push_back(customer);
  }
  engine_->OnProfiles(own);
}

}  // namespace premura
