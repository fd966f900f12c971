// SPDX-License-Identifier: Apache-2.0
#include "daemon/backtest/lanes.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <latch>
#include <thread>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "signals/bounded_queue.h"

namespace premura {
namespace {

constexpr std::size_t kBatchItems = 4096;
constexpr std::size_t kBatchBytes = std::size_t{8} << 20;
constexpr std::size_t kBatchesUnderWay = 4;

// What one lane has found, with its place among what all find.
struct Found {
  std::uint32_t step = 0;
  bool after = false;  // After the step's event was taken.
  Timestamp now{};     // The simulation's.
  std::variant<Detection, SimulatedContact, LeftOut> what;

  bool is_contact() const { return what.index() == 1; }
  const std::string& customer() const {
    return std::visit(
        [](const auto& one) -> const std::string& { return one.customer; },
        what);
  }
  // Timers come in order of time; what an event causes as the rules say.
  Timestamp due() const {
    if (after || is_contact()) return Timestamp{};
    return std::visit([](const auto& one) { return one.at; }, what);
  }
};

bool ComesBefore(const Found& a, const Found& b) {
  const auto place = [](const Found& found) {
    return std::tuple(found.step, found.after, found.now, found.is_contact(),
                      found.due(), std::string_view(found.customer()));
  };
  return place(a) < place(b);
}

// One simulation and what it finds. Thread: one at a time.
class Lane {
 public:
  Status Start(SimulationOptions options) {
    options.on_detection = [this](const Detection& detection) {
      Add(detection);
    };
    options.on_contact = [this](const SimulatedContact& contact) {
      Add(contact);
    };
    options.on_left_out = [this](const LeftOut& one) { Add(one); };
    auto simulation = NewSimulation(std::move(options));
    if (!simulation.ok()) return simulation.error();
    simulation_ = std::move(simulation).value();
    return {};
  }

  Status Take(std::uint32_t step, const Event& event, bool mine) {
    Begin(step);
    if (Status passed = simulation_->Pass(event); !passed.ok()) return passed;
    after_ = true;
    return mine ? simulation_->Take(event) : simulation_->Advance(event.clock);
  }
  Status Take(std::uint32_t step, const ProfileChange& change) {
    Begin(step);
    after_ = true;
    return simulation_->Take(change);
  }
  Status Advance(std::uint32_t step, Timestamp clock) {
    Begin(step);
    return simulation_->Advance(clock);
  }

  std::vector<Found> TakeFound() { return std::exchange(found_, {}); }
  bool found_any() const { return !found_.empty(); }
  Simulation* simulation() const { return simulation_.get(); }

 private:
  void Begin(std::uint32_t step) {
    step_ = step;
    after_ = false;
  }
  template <typename What>
  void Add(const What& what) {
    found_.push_back({step_, after_, simulation_->now(), what});
  }

  std::unique_ptr<Simulation> simulation_;
  std::uint32_t step_ = 0;
  bool after_ = false;
  std::vector<Found> found_;
};

void Tell(const Found& found, BacktestSink* sink) {
  if (found.is_contact()) {
    sink->OnContact(std::get<SimulatedContact>(found.what));
  } else if (const auto* one = std::get_if<LeftOut>(&found.what)) {
    sink->OnLeftOut(*one);
  } else {
    sink->OnDetection(std::get<Detection>(found.what));
  }
}

// --- One lane ---------------------------------------------------------------

class OneLane final : public Lanes {
 public:
  explicit OneLane(BacktestSink* sink)
      : sink_(sink), wants_events_(sink->WantsEvents()) {}

  Status Start(const SimulationOptions& options) {
    return lane_.Start(options);
  }
  Status Take(const Event& event) override {
    Status taken = lane_.Take(0, event, true);
    TellFound(wants_events_ ? &event : nullptr);
    return taken;
  }
  Status Take(ProfileChange change) override {
    if (wants_events_) sink_->OnProfile(change);
    Status taken = lane_.Take(0, change);
    TellFound(nullptr);
    return taken;
  }
  Status Advance(Timestamp clock) override {
    Status advanced = lane_.Advance(0, clock);
    TellFound(nullptr);
    return advanced;
  }
  Status Finish() override {
    sink_->OnEnd(lane_.simulation());
    return {};
  }

 private:
  void TellFound(const Event* event) {
    if (!lane_.found_any()) {
      if (event != nullptr) sink_->OnEvent(*event);
      return;
    }
    std::vector<Found> found = lane_.TakeFound();
    std::stable_sort(found.begin(), found.end(), ComesBefore);
    for (const Found& one : found) {
      if (one.after && event != nullptr) {
        sink_->OnEvent(*std::exchange(event, nullptr));
      }
      Tell(one, sink_);
    }
    if (event != nullptr) sink_->OnEvent(*event);
  }

  BacktestSink* const sink_;
  const bool wants_events_;
  Lane lane_;
};

// --- Several ----------------------------------------------------------------

constexpr std::uint32_t kEveryLane = UINT32_MAX;

struct Batch {
  explicit Batch(std::size_t lanes)
      : found(lanes), statuses(lanes), done(static_cast<int>(lanes)) {}

  EventBatch events;
  std::vector<std::uint32_t> owners;  // By step.
  // By lane, each written by it alone until `done`.
  std::vector<std::vector<Found>> found;
  std::vector<Status> statuses;
  std::latch done;
};

class ManyLanes final : public Lanes {
 public:
  ManyLanes(int count, BacktestSink* sink)
      : sink_(sink),
        wants_events_(sink->WantsEvents()),
        lanes_(static_cast<std::size_t>(count)),
        batch_(std::make_unique<Batch>(lanes_.size())) {}

  ~ManyLanes() override {
    for (const auto& queue : queues_) queue->Close();
    for (std::thread& thread : threads_) thread.join();
  }

  Status Start(SimulationOptions options) {
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      options.owns = [this, i](std::string_view customer) {
        return OwnerOf(customer) == i;
      };
      if (Status started = lanes_[i].Start(options); !started.ok()) {
        return started;
      }
    }
    // All there before the first thread looks for its own.
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      queues_.push_back(
          std::make_unique<BoundedQueue<Batch*>>(kBatchesUnderWay));
    }
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      threads_.emplace_back([this, i] { Work(i); });
    }
    return {};
  }

  Status Take(const Event& event) override {
    batch_->owners.push_back(OwnerOf(event.customer));
    batch_->events.Add(event);
    return SendIfFull();
  }
  Status Take(ProfileChange change) override {
    batch_->owners.push_back(OwnerOf(change.customer));
    batch_->events.Add(std::move(change));
    return SendIfFull();
  }
  Status Advance(Timestamp clock) override {
    batch_->owners.push_back(kEveryLane);
    batch_->events.AddClock(clock);
    return SendIfFull();
  }
  Status Finish() override {
    Send();
    while (!under_way_.empty()) {
      if (Status told = TellOldest(); !told.ok()) return told;
    }
    return {};
  }

 private:
  std::uint32_t OwnerOf(std::string_view customer) const {
    return static_cast<std::uint32_t>(std::hash<std::string_view>{}(customer) %
                                      lanes_.size());
  }

  Status SendIfFull() {
    if (batch_->events.size() < kBatchItems &&
        batch_->events.bytes() < kBatchBytes) {
      return {};
    }
    Send();
    return under_way_.size() < kBatchesUnderWay ? Status() : TellOldest();
  }

  void Send() {
    under_way_.push_back(
        std::exchange(batch_, std::make_unique<Batch>(lanes_.size())));
    for (const auto& queue : queues_) queue->Push(under_way_.back().get());
  }

  // --- In the lanes' threads -------------------------------------------------

  void Work(std::size_t index) {
    while (const std::optional<Batch*> batch = queues_[index]->Pop()) {
      (*batch)->statuses[index] = Take(index, **batch);
      (*batch)->found[index] = lanes_[index].TakeFound();
      (*batch)->done.count_down();
    }
  }

  Status Take(std::size_t index, const Batch& batch) {
    const std::vector<EventBatch::Item>& items = batch.events.items();
    for (std::uint32_t step = 0; step < items.size(); ++step) {
      Status taken = Take(index, batch, step);
      if (!taken.ok()) return taken;
    }
    return {};
  }

  Status Take(std::size_t index, const Batch& batch, std::uint32_t step) {
    const EventBatch::Item& item = batch.events.items()[step];
    const bool mine = batch.owners[step] == index;
    switch (item.what) {
      case EventBatch::Item::What::kEvent:
        return lanes_[index].Take(step, batch.events.event(item.index), mine);
      case EventBatch::Item::What::kProfile:
        if (!mine) return {};
        return lanes_[index].Take(step, batch.events.profile(item.index));
      case EventBatch::Item::What::kClock:
        return lanes_[index].Advance(step, item.clock);
    }
    return {};
  }

  // --- In the caller's -------------------------------------------------------

  Status TellOldest() {
    const std::unique_ptr<Batch> batch = std::move(under_way_.front());
    under_way_.pop_front();
    batch->done.wait();
    for (Status& status : batch->statuses) {
      if (!status.ok()) return std::move(status);
    }
    std::vector<Found> all;
    for (std::vector<Found>& found : batch->found) {
      std::move(found.begin(), found.end(), std::back_inserter(all));
    }
    std::stable_sort(all.begin(), all.end(), ComesBefore);
    std::uint32_t step = 0;
    for (const Found& one : all) {
      TellEvents(*batch, &step, one.step + (one.after ? 1 : 0));
      Tell(one, sink_);
    }
    TellEvents(*batch, &step, static_cast<std::uint32_t>(batch->events.size()));
    return {};
  }

  // Those of the steps from `*step` to before `end`.
  void TellEvents(const Batch& batch, std::uint32_t* step, std::uint32_t end) {
    if (!wants_events_) return;
    for (; *step < end; ++*step) {
      const EventBatch::Item& item = batch.events.items()[*step];
      if (item.what == EventBatch::Item::What::kEvent) {
        sink_->OnEvent(batch.events.event(item.index));
      } else if (item.what == EventBatch::Item::What::kProfile) {
        sink_->OnProfile(batch.events.profile(item.index));
      }
    }
  }

  BacktestSink* const sink_;
  const bool wants_events_;
  std::vector<Lane> lanes_;
  std::unique_ptr<Batch> batch_;
  std::deque<std::unique_ptr<Batch>> under_way_;
  std::vector<std::unique_ptr<BoundedQueue<Batch*>>> queues_;
  std::vector<std::thread> threads_;
};

template <typename AnyLanes>
Result<std::unique_ptr<Lanes>> Started(std::unique_ptr<AnyLanes> lanes,
                                       const SimulationOptions& options) {
  if (Status started = lanes->Start(options); !started.ok()) {
    return started.error();
  }
  return std::unique_ptr<Lanes>(std::move(lanes));
}

}  // namespace

Result<std::unique_ptr<Lanes>> NewLanes(int count,
                                        const SimulationOptions& options,
                                        BacktestSink* sink) {
  if (count == 1) return Started(std::make_unique<OneLane>(sink), options);
  return Started(std::make_unique<ManyLanes>(count, sink), options);
}

}  // namespace premura
