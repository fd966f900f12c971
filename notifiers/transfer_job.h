// SPDX-License-Identifier: Apache-2.0
// One call of the TransferPool as libcurl sees it: options in, answer out.
// Inside the pool only. Thread: the pool's.

#pragma once

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "notifiers/transfer.h"

namespace premura {

// The sockets that libcurl has open. Shutting one makes libcurl see that its
// connection is dead and return from where it waits for a mail server, which it
// does in the thread that should serve everybody: after a mail's last line, and
// after QUIT.
// Thread-safe.
class OpenSockets {
 public:
  curl_socket_t Open(const curl_sockaddr& address);
  int Close(curl_socket_t socket);
  // Also those that would be opened later.
  void ShutAll();

 private:
  std::mutex mutex_;
  std::set<curl_socket_t> open_;  // Guarded by mutex_.
  bool shut_ = false;             // Guarded by mutex_.
};

class TransferJob {
 public:
  // `sockets` must outlive every connection that is made, `boottime` the job.
  TransferJob(TransferRequest request, std::function<void(TransferAnswer)> done,
              OpenSockets* sockets, const std::function<Duration()>* boottime);
  ~TransferJob();
  TransferJob(const TransferJob&) = delete;
  TransferJob& operator=(const TransferJob&) = delete;

  // What forbids sending it at all; empty if nothing does.
  std::string Objection() const;
  // Its end has passed.
  bool IsLate() const;

  // Nullptr if libcurl has no memory. The handle belongs to the job.
  CURL* Prepare();

  // Tells how it ended. REQUIRES: the handle is still in its multi handle.
  void Finish(CURLcode code);
  void Refuse(std::string objection);
  void RefuseLate();

 private:
  void PrepareSockets();
  void PrepareEnd();
  void PrepareHttp();
  void PrepareSmtp();
  void ShutSocket() const;
  TransferAnswer AnswerOf(CURLcode code) const;
  std::string SmtpReply(TransferAnswer::Fault fault) const;

  static std::size_t OnBody(char* data, std::size_t size, std::size_t count,
                            void* job);
  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count,
                              void* job);
  static std::size_t OnRead(char* buffer, std::size_t size, std::size_t count,
                            void* job);

  const bool smtp_;
  TransferRequest request_;
  std::function<void(TransferAnswer)> done_;
  OpenSockets* const sockets_;
  const std::function<Duration()>& boottime_;
  CURL* handle_ = nullptr;
  curl_slist* headers_ = nullptr;
  curl_slist* recipients_ = nullptr;
  std::size_t read_ = 0;      // Of the mail, what libcurl has taken.
  bool ended_ = false;        // All of it: the other side may have the mail.
  bool late_ = false;         // Its end came before it was sent.
  bool endless_ = false;      // HTTP's answer was cut off.
  long end_code_ = 0;         // The first whole reply after that.
  std::size_t answered_ = 0;  // Of HTTP's answer, all that came.
  std::string body_;          // What is kept of it.
  std::string last_reply_;    // SMTP: the last 2xx, 3xx line but not 221.
  std::string last_refusal_;  // SMTP: the last 4xx or 5xx line.
  char problem_[CURL_ERROR_SIZE] = "";
};

}  // namespace premura
