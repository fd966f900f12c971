// SPDX-License-Identifier: Apache-2.0
#include "notifiers/transfer.h"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "notifiers/transfer_job.h"

namespace premura {
namespace {

constexpr int kMailLanes = 4;

// One thread with its own libcurl multi.
class Lane {
 public:
  Lane(CURLM* multi, const TransferPoolOptions& options)
      : multi_(multi), longest_(options.longest), boottime_(options.boottime) {
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

  void Start(TransferRequest request,
             std::function<void(TransferAnswer)> done) {
    request.deadline = std::min(request.deadline, longest_);
    auto job = std::make_unique<TransferJob>(
        std::move(request), std::move(done), &sockets_, &boottime_);
    {
      const std::lock_guard lock(mutex_);
      inbox_.push_back(std::move(job));
    }
    curl_multi_wakeup(multi_);
  }

 private:
  void Run() {
    while (!stopping_) {
      TakeInbox();
      int running = 0;
      curl_multi_perform(multi_, &running);
      if (stopping_) return;
      Reap();
      curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
    }
  }

  void TakeInbox() {
    std::vector<std::unique_ptr<TransferJob>> jobs;
    {
      const std::lock_guard lock(mutex_);
      jobs.swap(inbox_);
    }
    for (auto& job : jobs) Begin(std::move(job));
  }

  void Begin(std::unique_ptr<TransferJob> job) {
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

  void Reap() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* const handle = message->easy_handle;
      const CURLcode code = message->data.result;
      const auto found = running_.find(handle);
      const std::unique_ptr<TransferJob> job = std::move(found->second);
      running_.erase(found);
      job->Finish(code);
      curl_multi_remove_handle(multi_, handle);
    }
  }

  OpenSockets sockets_;
  CURLM* const multi_;
  const Duration longest_;
  const std::function<Duration()> boottime_;
  std::map<CURL*, std::unique_ptr<TransferJob>> running_;  // The thread's.
  std::mutex mutex_;
  std::vector<std::unique_ptr<TransferJob>> inbox_;  // Guarded by mutex_.
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

Result<std::unique_ptr<Lane>> NewLane(const TransferPoolOptions& options) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  CURLM* const multi = started == CURLE_OK ? curl_multi_init() : nullptr;
  if (multi == nullptr) return Error{"libcurl cannot be started"};
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                    static_cast<long>(options.max_per_host));
  curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                    static_cast<long>(options.max_total));
  return std::make_unique<Lane>(multi, options);
}

// libcurl blocks its thread while a mail server thinks about a mail. So mail
// has lanes of its own, several, and never stands in the way of HTTP.
class LanePool final : public TransferPool {
 public:
  LanePool(std::unique_ptr<Lane> http, std::vector<std::unique_ptr<Lane>> smtp)
      : http_(std::move(http)), smtp_(std::move(smtp)) {}

  void Start(TransferRequest request,
             std::function<void(TransferAnswer)> done) override {
    const bool mail = request.url.starts_with("smtp");
    Lane* const lane = mail ? smtp_[next_++ % smtp_.size()].get() : http_.get();
    lane->Start(std::move(request), std::move(done));
  }

 private:
  const std::unique_ptr<Lane> http_;
  const std::vector<std::unique_ptr<Lane>> smtp_;
  std::atomic<std::size_t> next_ = 0;
};

}  // namespace

Result<std::unique_ptr<TransferPool>> NewTransferPool(
    const TransferPoolOptions& options) {
  Result<std::unique_ptr<Lane>> http = NewLane(options);
  if (!http.ok()) return http.error();
  std::vector<std::unique_ptr<Lane>> smtp;
  for (int i = 0; i < kMailLanes; ++i) {
    Result<std::unique_ptr<Lane>> lane = NewLane(options);
    if (!lane.ok()) return lane.error();
    smtp.push_back(std::move(lane).value());
  }
  return std::unique_ptr<TransferPool>(
      std::make_unique<LanePool>(std::move(http).value(), std::move(smtp)));
}

}  // namespace premura
