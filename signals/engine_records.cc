// SPDX-License-Identifier: Apache-2.0
// What the engine writes down, and takes up again.

#include <cassert>
#include <span>
#include <utility>
#include <vector>

#include "signals/customer_record.h"
#include "signals/engine_impl.h"

namespace premura {

std::string EngineImpl::Save(EngineRecords* records) {
  assert(hits_.size() == 0);
  if (!changes_.begun()) {
    changes_.Begin();
    customers_.ForEach([this](Customer& one) { changes_.Mark(&one); });
    idle_.ForEach([records](const IdleCustomers::View& idle) {
      records->OnCustomer(idle.name, idle.record);
    });
    idle_.SetRecorded();
  }
  for (const std::string& name : changes_.TakeGone()) {
    const Customer* const again = customers_.Find(name);
    if (again != nullptr && !again->tracks.empty()) continue;
    records->OnCustomer(name, {});
  }
  RecordWriter writer(symbols());
  const std::vector<Customer*> changed = changes_.Take();
  for (std::size_t i = 0; i < changed.size(); ++i) {
    PrefetchToSave(std::span(changed).subspan(i));
    Save(changed[i], &writer, records);
  }
  writer.Time(clock_);
  writer.Number(gone_.size());
  for (const std::uint32_t origin : gone_) writer.Number(origin);
  silences_.Save(&writer);
  return std::string(writer.Finish());
}

// They lie scattered over memory: what the customers after the first have is
// looked for some steps ahead, so that the waits overlap.
void EngineImpl::PrefetchToSave(std::span<Customer* const> customers) const {
  constexpr std::size_t kStep = 4;
  const auto ahead = [&customers](std::size_t steps) {
    const std::size_t at = steps * kStep;
    return at < customers.size() ? customers[at] : nullptr;
  };
  const auto each_state = [&](const Customer* customer, const auto& visit) {
    if (customer == nullptr) return;
    for (const Track& track : customer->tracks) {
      if (track.state() != nullptr) visit(track);
    }
  };
  if (const Customer* one = ahead(5)) PrefetchLines(one, sizeof *one / 64 + 1);
  if (const Customer* one = ahead(4)) one->PrefetchTracks();
  each_state(ahead(3),
             [](const Track& track) { PrefetchLines(track.state(), 2); });
  for (int step = 0; step < 2; ++step) {
    each_state(ahead(static_cast<std::size_t>(2 - step)),
               [&](const Track& track) {
                 index_->OfSlot(track.slot())
                     ->detector->Prefetch(*track.state(), step);
               });
  }
}

// Without tracks there is nothing to be known.
void EngineImpl::Save(Customer* customer, RecordWriter* writer,
                      EngineRecords* records) {
  if (!customer->tracks.empty()) {
    WriteCustomer(*customer, *index_, writer);
    const std::string_view record = writer->Finish();
    records->OnCustomer(customer->name, record);
    customer->recorded = true;
    if (customer->idle) PutAway(customer, record);
  } else if (std::exchange(customer->recorded, false)) {
    records->OnCustomer(customer->name, {});
  }
}

Status EngineImpl::Load(std::string_view name, std::string_view record) {
  assert(customers_.Find(name) == nullptr);
  Customer read;
  std::uint64_t left_out = 0;
  Status status = ReadCustomer(record, *index_, &read, &left_out);
  if (!status.ok()) return status;
  changes_.Begin();
  stats_.states_left_out += left_out;
  if (read.tracks.empty()) {
    changes_.MarkGone(name);
    return {};
  }
  read.recorded = true;
  Customer& customer = Admit(name, std::move(read));
  customer.idle = customer.sweep == kNever && customer.timers == 0;
  if (left_out > 0) {
    changes_.Mark(&customer);  // The record says more.
  } else if (customer.idle) {
    PutAway(&customer, record);
  }
  return {};
}

Customer& EngineImpl::Admit(std::string_view name, Customer read) {
  Customer& customer = customers_.Add(name);
  ++moves_;
  read.name = name;
  customer = std::move(read);
  TakeUp(&customer);
  return customer;
}

// Its timers and its sweep.
void EngineImpl::TakeUp(Customer* customer) {
  for (Track& track : customer->tracks) {
    State* const state = track.state();
    if (state == nullptr) continue;
    customer->alarm = std::min(customer->alarm, state->due);
    if (state->queued == kHeld) {
      Hold(customer, &track);
    } else {
      Remind(customer, state, track.key());
    }
  }
  // The sweeper puts it off to the end of a bucket, where it was already.
  const Timestamp sweep = std::exchange(customer->sweep, kNever);
  if (sweep != kNever) sweeper_.Schedule(customer, Earlier(sweep, Duration(1)));
}

Status EngineImpl::LoadOwn(std::string_view record, std::size_t spread) {
  RecordReader reader(record, symbols());
  const Timestamp clock = reader.Time();
  std::set<std::uint32_t> gone;
  for (std::size_t count = reader.Count(); count > 0; --count) {
    gone.insert(reader.Small());
  }
  Silences silences;
  silences.Load(&reader);
  Status status = reader.Close();
  if (!status.ok()) return status;
  clock_ = std::max(clock_, clock);
  gone_.merge(gone);
  silences_.Add(std::move(silences), spread, owns_);
  return {};
}

}  // namespace premura
