// SPDX-License-Identifier: Apache-2.0
#include "notifiers/transfer.h"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "notifiers/transfer_job.h"

namespace premura {
namespace {

// As many as mails are on their way at once, by default.
constexpr std::size_t kMailLanes = 8;

struct Transfer {
  TransferRequest request;
  std::function<void(TransferAnswer)> done;
};

// What has not been begun. Thread-safe.
class Inbox {
 public:
  void Put(Transfer transfer) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(transfer));
  }
  std::optional<Transfer> Take() {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return std::nullopt;
    Transfer first = std::move(waiting_.front());
    waiting_.pop_front();
    return first;
  }

 private:
  std::mutex mutex_;
  std::deque<Transfer> waiting_;
};

// One thread with its own libcurl multi. Takes from the inbox, which must
// outlive it, `at_once` at most.
class Lane {
 public:
  Lane(CURLM* multi, const TransferPoolOptions& options, Inbox* inbox,
       std::size_t at_once)
      : multi_(multi),
        inbox_(inbox),
        at_once_(at_once),
        longest_(options.longest),
        boottime_(options.boottime) {
    thread_ = std::thread([this] { Run(); });
  }

  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  ~Lane() {
    stopping_ = true;
    sockets_.ShutAll();
    curl_multi_wakeup(multi_);
    thread_.join();
    for (const auto& [handle, job] : running_) {
      curl_multi_remove_handle(multi_, handle);
    }
    running_.clear();
    curl_multi_cleanup(multi_);
  }

  // There is something in the inbox.
  void Wake() { curl_multi_wakeup(multi_); }

 private:
  void Run() {
    while (!stopping_) {
      TakeInbox();
      int running = 0;
      curl_multi_perform(multi_, &running);
      if (stopping_) return;
      // Where one has ended there is room for the next.
      if (!Reap()) curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
    }
  }

  void TakeInbox() {
    while (running_.size() < at_once_) {
      std::optional<Transfer> next = inbox_->Take();
      if (!next) return;
      Begin(*std::move(next));
    }
  }

  void Begin(Transfer transfer) {
    TransferRequest& request = transfer.request;
    request.deadline = std::min(request.deadline, longest_);
    auto job = std::make_unique<TransferJob>(
        std::move(request), std::move(transfer.done), &sockets_, &boottime_);
    if (std::string objection = job->Objection(); !objection.empty()) {
      job->Refuse(std::move(objection));
      return;
    }
    if (job->IsLate()) {
      job->RefuseLate();
      return;
    }
    CURL* const handle = job->Prepare();
    if (handle == nullptr ||
        curl_multi_add_handle(multi_, handle) != CURLM_OK) {
      job->Refuse("libcurl has no memory for the call");
      return;
    }
    running_.emplace(handle, std::move(job));
  }

  // Answers whether any has ended.
  bool Reap() {
    bool any = false;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      any = true;
      CURL* const handle = message->easy_handle;
      const CURLcode code = message->data.result;
      const auto found = running_.find(handle);
      const std::unique_ptr<TransferJob> job = std::move(found->second);
      running_.erase(found);
      job->Finish(code);
      curl_multi_remove_handle(multi_, handle);
    }
    return any;
  }

  OpenSockets sockets_;
  CURLM* const multi_;
  Inbox* const inbox_;
  const std::size_t at_once_;
  const Duration longest_;
  const std::function<Duration()> boottime_;
  std::map<CURL*, std::unique_ptr<TransferJob>> running_;  // The thread's.
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

Result<std::unique_ptr<Lane>> NewLane(const TransferPoolOptions& options,
                                      Inbox* inbox, std::size_t at_once) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  CURLM* const multi = started == CURLE_OK ? curl_multi_init() : nullptr;
  if (multi == nullptr) return Error{"libcurl cannot be started"};
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                    static_cast<long>(options.max_per_host));
  curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                    static_cast<long>(options.max_total));
  return std::make_unique<Lane>(multi, options, inbox, at_once);
}

// libcurl blocks its thread while a mail server thinks about a mail. So mail
// has lanes of its own, one mail in each at a time: it never stands in the way
// of HTTP, nor in that of another mail, whose last line would not get out.
class LanePool final : public TransferPool {
 public:
  Status Open(const TransferPoolOptions& options) {
    auto http = NewLane(options, &calls_, SIZE_MAX);
    if (!http.ok()) return http.error();
    http_ = std::move(http).value();
    for (std::size_t i = 0; i < kMailLanes; ++i) {
      auto lane = NewLane(options, &mails_, 1);
      if (!lane.ok()) return lane.error();
      smtp_.push_back(std::move(lane).value());
    }
    return {};
  }

  void Start(TransferRequest request,
             std::function<void(TransferAnswer)> done) override {
    if (!request.url.starts_with("smtp")) {
      calls_.Put({std::move(request), std::move(done)});
      http_->Wake();
      return;
    }
    mails_.Put({std::move(request), std::move(done)});
    for (const auto& lane : smtp_) lane->Wake();
  }

 private:
  Inbox calls_;
  Inbox mails_;
  std::unique_ptr<Lane> http_;
  std::vector<std::unique_ptr<Lane>> smtp_;
};

}  // namespace

Result<std::unique_ptr<TransferPool>> NewTransferPool(
    const TransferPoolOptions& options) {
  auto pool = std::make_unique<LanePool>();
  if (Status opened = pool->Open(options); !opened.ok()) return opened.error();
  return std::unique_ptr<TransferPool>(std::move(pool));
}

}  // namespace premura
