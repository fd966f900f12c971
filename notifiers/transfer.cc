// SPDX-License-Identifier: Apache-2.0
#include "notifiers/transfer.h"

#include <curl/curl.h>
#include <sys/socket.h>

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

class CurlPool final : public TransferPool {
 public:
  CurlPool(CURLM* multi, Duration longest) : multi_(multi), longest_(longest) {
    thread_ = std::thread([this] { Run(); });
  }

  ~CurlPool() override {
    stopping_ = true;
    curl_multi_wakeup(multi_);
    thread_.join();
    for (const curl_socket_t open : sockets_) shutdown(open, SHUT_RDWR);
    for (const auto& [handle, job] : running_) {
      curl_multi_remove_handle(multi_, handle);
    }
    running_.clear();
    curl_multi_cleanup(multi_);
  }

  void Start(TransferRequest request,
             std::function<void(TransferAnswer)> done) override {
    request.deadline = std::min(request.deadline, longest_);
    auto job = std::make_unique<TransferJob>(std::move(request),
                                             std::move(done), &sockets_);
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

  OpenSockets sockets_;  // The thread's, like running_.
  CURLM* const multi_;
  const Duration longest_;
  std::map<CURL*, std::unique_ptr<TransferJob>> running_;  // The thread's.
  std::mutex mutex_;
  std::vector<std::unique_ptr<TransferJob>> inbox_;  // Guarded by mutex_.
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<TransferPool>> NewTransferPool(
    const TransferPoolOptions& options) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  CURLM* const multi = started == CURLE_OK ? curl_multi_init() : nullptr;
  if (multi == nullptr) return Error{"libcurl cannot be started"};
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                    static_cast<long>(options.max_per_host));
  curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                    static_cast<long>(options.max_total));
  return std::unique_ptr<TransferPool>(
      std::make_unique<CurlPool>(multi, options.longest));
}

}  // namespace premura
