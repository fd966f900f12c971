// SPDX-License-Identifier: Apache-2.0
// The thread around OutreachCore: an Asio io_context that runs it whenever
// something came, and by a steady timer when time has passed.

#include "notifiers/outreach.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include "notifiers/measured_database.h"
#include "notifiers/outreach_core.h"

namespace premura {
namespace {

namespace asio = boost::asio;

class ThreadedOutreach final : public Outreach {
 public:
  explicit ThreadedOutreach(const Clock* clock)
      : clock_(clock), work_(io_.get_executor()), timer_(io_) {}

  // NOLINTNEXTLINE(bugprone-exception-escape): Stop() joins a thread it owns.
  ~ThreadedOutreach() override { Stop(Duration::zero()); }

  Status Start(const OutreachOptions& options,
               std::shared_ptr<const OutreachSettings> settings,
               ProfileStore* profiles, OutreachObserver* observer) {
    auto database = OpenDatabase(options.ledger, /*read_only=*/false);
    if (!database.ok()) return database.error().WithContext("ledger");
    auto ledger = Ledger::Open(
        Measured(std::move(database).value(),
                 [observer](auto took) { observer->OnTransaction(took); }),
        Ledger::Access::kWrite);
    if (!ledger.ok()) return ledger.error();
    auto core = OutreachCore::Open(
        options, std::move(ledger).value(), std::move(settings), profiles,
        observer, [this] { PostPump(); }, clock_->Now());
    if (!core.ok()) return core.error();
    core_ = std::move(core).value();
    health_ = core_->health();
    PostPump();
    thread_ = std::thread([this] { io_.run(); });
    return {};
  }

  void Submit(ShardOutput output, std::function<void()> durable) override {
    asio::post(io_, [this, output = std::move(output),
                     durable = std::move(durable)]() mutable {
      core_->Submit(std::move(output), std::move(durable));
      PostPump();
    });
  }

  Status RestoreProfiles(ProfileStore* profiles) override {
    std::promise<Status> restored;
    asio::post(io_, [this, profiles, &restored] {
      restored.set_value(core_->RestoreProfiles(profiles));
    });
    return restored.get_future().get();
  }

  void Use(std::shared_ptr<const OutreachSettings> settings) override {
    asio::post(io_, [this, settings = std::move(settings)]() mutable {
      core_->Use(std::move(settings), clock_->Now());
      PostPump();
    });
  }

  OutreachHealth Health() const override {
    const std::lock_guard lock(mutex_);
    return health_;
  }

  void Stop(Duration limit) override {
    if (!thread_.joinable()) return;
    asio::post(io_, [this, limit] {
      core_->StopSending();
      stop_at_ = std::chrono::steady_clock::now() + limit;
      PostPump();
    });
    thread_.join();
    core_.reset();
  }

 private:
  // However much came, one round takes it all: that is what groups what shards
  // submit into one transaction.
  void PostPump() {
    if (pump_posted_.exchange(true)) return;
    asio::post(io_, [this] {
      pump_posted_ = false;
      Pump();
    });
  }

  void Pump() {
    const Timestamp now = clock_->Now();
    const Timestamp next = core_->Pump(now);
    {
      const std::lock_guard lock(mutex_);
      health_ = core_->health();
    }
    if (stop_at_ &&
        (core_->idle() || std::chrono::steady_clock::now() >= *stop_at_)) {
      io_.stop();
      return;
    }
    if (next <= now) {
      PostPump();
      return;
    }
    const Duration longest = std::chrono::milliseconds(stop_at_ ? 20 : 1000);
    timer_.expires_after(std::min(Duration(next - now), longest));
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) PostPump();
    });
  }

  const Clock* clock_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::atomic<bool> pump_posted_{false};
  std::thread thread_;

  // The thread's own.
  std::unique_ptr<OutreachCore> core_;
  asio::steady_timer timer_;
  std::optional<std::chrono::steady_clock::time_point> stop_at_;

  mutable std::mutex mutex_;
  OutreachHealth health_;  // Guarded by mutex_.
};

}  // namespace

Result<std::unique_ptr<Outreach>> NewOutreach(
    const OutreachOptions& options,
    std::shared_ptr<const OutreachSettings> settings, ProfileStore* profiles,
    const Clock* clock, OutreachObserver* observer) {
  auto outreach = std::make_unique<ThreadedOutreach>(clock);
  auto status =
      outreach->Start(options, std::move(settings), profiles, observer);
  if (!status.ok()) return status.error();
  return std::unique_ptr<Outreach>(std::move(outreach));
}

}  // namespace premura
