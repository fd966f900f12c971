// SPDX-License-Identifier: Apache-2.0
#include "signals/changelog_cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "signals/shard.h"

namespace premura {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr Duration kRetryEvery = std::chrono::milliseconds(100);
// The whole of it is read each time.
constexpr Duration kRetryForLongEvery = std::chrono::seconds(30);
// So long a former owner's transaction may take to end by itself.
constexpr Duration kPatience = std::chrono::seconds(2);
// And so often it is looked at whether it has to be ended.
constexpr Duration kImpatientEvery = std::chrono::seconds(2);
constexpr Duration kTellEvery = std::chrono::seconds(10);
constexpr Duration kUnreadEvery = std::chrono::seconds(10);
// Handed to a shard at once.
constexpr std::size_t kPartBytes = std::size_t{1} << 20;

Duration Since(SteadyClock::time_point instant) {
  return std::chrono::duration_cast<Duration>(SteadyClock::now() - instant);
}

class ChangelogCells final : public CellStore {
 public:
  ChangelogCells(std::unique_ptr<TransactionLog> log,
                 ChangelogCellsOptions options)
      : options_(std::move(options)),
        log_(std::move(log)),
        changelog_(log_.get(), {.partitions = options_.partitions,
                                .random = options_.random}),
        thread_([this] { Run(); }) {}

  ~ChangelogCells() override { Close(); }

  std::uint32_t cells() const override { return options_.partitions; }
  std::uint32_t CellOf(std::string_view customer) const override {
    return PartitionOf(customer, options_.partitions, options_.partitioner);
  }
  OwnsCustomer OwnerOf(std::uint32_t number) const override {
    return [this, number](std::string_view customer) {
      return CellOf(customer) == number;
    };
  }

  void Load(Request request) override {
    const std::lock_guard lock(mutex_);
    unread_at_ = {};
    waiting_.push_back({std::move(request), SteadyClock::now()});
    changed_.notify_all();
  }

  void Drop(CellId cell) override {
    std::unique_lock lock(mutex_);
    std::erase_if(waiting_,
                  [cell](const Asked& it) { return it.request.cell == cell; });
    // One that is being opened is dropped then.
    if (loading_ == cell) dropped_ = true;
    changelog_.Drop(cell);
  }

  CheckpointResult Write(const std::vector<CheckpointPart>& parts) override {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return begun_ || closing_; });
      // Only one begins, and what it does is being cancelled.
      if (!begun_) return {CheckpointResult::Fate::kTryAgain, "it is closed"};
    }
    CheckpointResult written = changelog_.Write(parts);
    if (written.fate == CheckpointResult::Fate::kTryAgain) {
      (void)log_->EndsOf(0);  // For Gone().
    }
    return written;
  }
  // Other instances write too: nobody counts them.
  std::uint64_t size() const override { return 0; }

  CellStoreHealth Health() const override {
    const std::lock_guard lock(mutex_);
    CellStoreHealth health = health_;
    health.waiting = waiting_.size() + (loading_ ? 1 : 0);
    health.unread = Unread();
    if (health.waiting > 0) {
      health.why = fmt::format("{} of its partitions wait for their state{}{}",
                               health.waiting, why_.empty() ? "" : ": ", why_);
    }
    const Changelog::Counts counts = changelog_.counts();
    health.gone = log_->Gone();
    health.torn = counts.torn;
    health.moved = counts.moved;
    health.fenced = counts.fenced;
    return health;
  }

  void Close() override {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
      changed_.notify_all();
    }
    log_->Cancel();
    if (thread_.joinable()) thread_.join();
  }

 private:
  struct Asked {
    Request request;
    SteadyClock::time_point since;
    SteadyClock::time_point not_before{};
    SteadyClock::time_point impatient_at{};
    SteadyClock::time_point told_at{};
  };

  void Run() {
    changelog_.Begin();
    {
      const std::lock_guard lock(mutex_);
      begun_ = true;
      changed_.notify_all();
    }
    while (std::optional<Asked> next = Next()) {
      LookForUnread();
      const bool done = Try(&*next);
      const std::lock_guard lock(mutex_);
      loading_.reset();
      loading_inputs_.clear();
      if (done) {
        why_.clear();
      } else if (!std::exchange(dropped_, false)) {
        waiting_.push_back(*std::move(next));
      }
    }
  }

  // Those that wait take turns, not too quickly.
  std::optional<Asked> Next() {
    std::unique_lock lock(mutex_);
    while (!closing_) {
      const auto first = std::min_element(waiting_.begin(), waiting_.end(),
                                          [](const Asked& a, const Asked& b) {
                                            return a.not_before < b.not_before;
                                          });
      if (first == waiting_.end()) {
        changed_.wait(lock);
        continue;
      }
      const auto due = std::max(first->not_before, rest_until_);
      if (SteadyClock::now() < due) {
        changed_.wait_until(lock, due);
        continue;
      }
      Asked next = std::move(*first);
      waiting_.erase(first);
      loading_ = next.request.cell;
      loading_inputs_ = next.request.inputs;
      dropped_ = false;
      return next;
    }
    return std::nullopt;
  }

  // Of all that wait: under mutex_.
  std::vector<std::string> WaitingInputs() const {
    std::vector<std::string> inputs = loading_inputs_;
    for (const Asked& it : waiting_) {
      inputs.insert(inputs.end(), it.request.inputs.begin(),
                    it.request.inputs.end());
    }
    return inputs;
  }

  std::int64_t Unread() const {
    std::int64_t sum = 0;
    for (const std::string& input : WaitingInputs()) {
      const auto it = unread_.find(input);
      if (it == unread_.end()) return -1;
      sum += it->second;
    }
    return sum;
  }

  // As soon as one comes, and now and then.
  void LookForUnread() {
    std::vector<std::string> inputs;
    {
      const std::lock_guard lock(mutex_);
      const auto now = SteadyClock::now();
      if (now < unread_at_) return;
      unread_at_ = now + kUnreadEvery;
      inputs = WaitingInputs();
    }
    auto unread = log_->UnreadOf(inputs);
    const std::lock_guard lock(mutex_);
    unread_.clear();
    if (unread.ok()) unread_ = std::move(unread).value();
  }

  bool Try(Asked* it) {
    const auto now = SteadyClock::now();
    const bool impatient =
        Since(it->since) > kPatience && now >= it->impatient_at;
    if (impatient) it->impatient_at = now + kImpatientEvery;
    if (it->request.kept) return GoOn(it, impatient);
    Changelog::Opened opened = changelog_.Open(
        it->request.cell, it->request.inputs, impatient, it->request.anew);
    if (!opened.waits.empty()) {
      if (opened.for_long) it->not_before = now + kRetryForLongEvery;
      Wait(it, opened.waits);
      return false;
    }
    return HandOver(it, std::move(opened));
  }

  bool GoOn(Asked* it, bool impatient) {
    const Changelog::GoneOn gone_on =
        changelog_.GoOn(it->request.cell, it->request.inputs, impatient);
    if (!gone_on.waits.empty()) {
      Wait(it, gone_on.waits);
      return false;
    }
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(dropped_, false)) {
        changelog_.Drop(it->request.cell);
        return true;
      }
      if (gone_on.ours) ++health_.kept;
    }
    it->request.told({.cell = it->request.cell, .kept = gone_on.ours});
    return true;
  }

  void Wait(Asked* it, const std::string& why) {
    const auto now = SteadyClock::now();
    if (it->told_at == SteadyClock::time_point{}) it->told_at = it->since;
    const bool tell = now - it->told_at >= kTellEvery;
    if (tell) it->told_at = now;
    {
      const std::lock_guard lock(mutex_);
      why_ = why;
      rest_until_ = now + kRetryEvery;
    }
    if (!tell || !options_.tell) return;
    options_.tell(true,
                  fmt::format("partition {} waits for its state for {} s: {}",
                              it->request.cell.number,
                              Since(it->since).count() / 1000, why));
  }

  bool HandOver(Asked* it, Changelog::Opened opened) {
    Request& request = it->request;
    if (opened.moved && options_.tell) {
      options_.tell(
          true, fmt::format("partition {}: what the group has committed is not "
                            "what its state says, which holds: to read events "
                            "again, or to pass over some, stop all instances "
                            "and name another `state.kafka.changelog_topic`",
                            request.cell.number));
    }
    const std::size_t records = opened.records.size();
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(dropped_, false)) {
        changelog_.Drop(request.cell);
        return true;
      }
      ++health_.cells;
      health_.records += records;
      health_.longest = std::max(health_.longest, Since(it->since));
    }
    if (options_.tell) {
      options_.tell(
          false,
          fmt::format("partition {} is here: {} records after {} ms",
                      request.cell.number, records, Since(it->since).count()));
    }
    HandOverCell(request, std::move(opened));
    return true;
  }

  const ChangelogCellsOptions options_;
  const std::unique_ptr<TransactionLog> log_;
  Changelog changelog_;

  mutable std::mutex mutex_;  // Guards what follows.
  std::condition_variable changed_;
  std::deque<Asked> waiting_;
  std::optional<CellId> loading_;
  std::vector<std::string> loading_inputs_;
  TransactionLog::Unread unread_;
  SteadyClock::time_point unread_at_{};  // To be looked for again.
  bool dropped_ = false;                 // The one that is being loaded.
  std::string why_;
  SteadyClock::time_point rest_until_{};
  CellStoreHealth health_;
  bool begun_ = false;
  bool closing_ = false;

  std::thread thread_;  // Last: starts when all else is there.
};

void LoadRecords(const CellStore::Request& request,
                 const std::unordered_map<std::string, std::string>& all,
                 LoadedCell* loaded) {
  // The ledger, too, knows what events said, but of later ones besides.
  request.shard->ForgetProfiles(request.cell);
  CheckpointRecords customers;
  for (const auto& [whole, bytes] : all) {
    const auto kind = static_cast<RecordKind>(whole.front());
    const std::string_view key = std::string_view(whole).substr(1);
    if (kind == RecordKind::kSeen) {
      loaded->seen.emplace(key, bytes);
    } else if (kind == RecordKind::kEngine) {
      request.shard->LoadOwn(request.cell, bytes, 1);
    } else if (kind == RecordKind::kCustomer || kind == RecordKind::kProfile) {
      customers.Add(kind, key, bytes);
    }
    if (customers.bytes() < kPartBytes) continue;
    request.shard->Load(request.cell, std::exchange(customers, {}));
  }
  request.shard->Load(request.cell, std::move(customers));
}

}  // namespace

void HandOverCell(const CellStore::Request& request, Changelog::Opened opened) {
  LoadedCell loaded;
  loaded.cell = request.cell;
  if (!opened.damage.empty()) {
    loaded.loaded = Error{opened.damage};
  } else if (opened.progress) {
    loaded.source = opened.progress->source;
    loaded.gap = std::move(opened.gap);
    LoadRecords(request, opened.records, &loaded);
  }
  // What is said after it went is passed over.
  request.shard->EndLoading(
      request.cell,
      [told = request.told, loaded = std::move(loaded)](Status status) {
        LoadedCell whole = loaded;
        if (whole.loaded.ok()) whole.loaded = std::move(status);
        told(std::move(whole));
      });
}

std::unique_ptr<CellStore> NewChangelogCells(
    std::unique_ptr<TransactionLog> log, ChangelogCellsOptions options) {
  return std::make_unique<ChangelogCells>(std::move(log), std::move(options));
}

}  // namespace premura
