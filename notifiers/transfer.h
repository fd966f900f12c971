// SPDX-License-Identifier: Apache-2.0
// TransferPool: HTTP calls on one thread (libcurl multi) and SMTP on a few
// more, a mail on each, each call with a total deadline from when it is begun.
// TLS is always verified; redirects are not followed; answers are cut at a
// size, and not waited for to their end if they are ten times as long.
//
// Thread: Start() from any; callbacks run on one of the pool's threads and must
// not block. Destruction abandons what runs: its callbacks are not called. Not
// to be destroyed from a callback.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "notifiers/boottime.h"
#include "notifiers/secret.h"
#include "rules/result.h"
#include "rules/time.h"

namespace premura {

struct TransferRequest {
  // http(s):// or smtp(s)://; smtp:// demands STARTTLS unless `plain_smtp`.
  std::string url;
  std::string method = "GET";
  std::vector<std::string> headers;  // "Name: value"; CR and LF are refused.
  // A header whose value is secret: ("Authorization", "token ...").
  std::vector<std::pair<std::string, Secret>> secret_headers;
  std::string body;
  std::string username;
  Secret password;
  std::string ca_file;      // Empty: the system's.
  bool plain_smtp = false;  // No TLS asked for: only to a relay on loopback.
  // The other side does a repeat once, so that libcurl may use a connection
  // again and send anew if that turns out to be dead. GET always may.
  bool repeat_safe = false;
  // SMTP.
  std::string mail_from;
  std::vector<std::string> recipients;
  Duration connect_timeout = std::chrono::seconds(10);
  Duration deadline = std::chrono::seconds(30);
  // By Boottime(): what is not on its way by then is not sent any more, however
  // long this process has slept, and what is on its way is cut. Looked at right
  // before an HTTP request, and before the last line of a mail.
  std::optional<Duration> end = std::nullopt;
  std::size_t max_answer = 1 << 20;
};

struct TransferAnswer {
  // Whether the whole dialogue took place; else `problem` says what happened.
  enum class Fault {
    kNone,
    kUnreachable,    // Refused, no route, DNS: nothing was sent.
    kTls,            // Certificate, no STARTTLS: nothing was sent.
    kLogin,          // SMTP AUTH refused.
    kTurnedAway,     // SMTP said 4xx or 5xx before there was a mail, or to
                     // MAIL that one must log in.
    kRefused,        // SMTP said 4xx or 5xx to the mail: see `code`.
    kTimeoutBefore,  // Deadline or end passed before anything was sent.
    kTimeout,        // Deadline passed after something was sent.
    kBroken,         // Connection lost after something was sent.
    kBadRequest,     // We refused to send it (CR/LF in a header ...).
  };
  Fault fault = Fault::kNone;
  int code = 0;         // HTTP status, or the SMTP reply that decided.
  std::string body;     // HTTP; of SMTP the deciding reply line.
  std::string problem;  // In words, without secrets.
  std::optional<Duration> retry_after;
};

class TransferPool {
 public:
  virtual ~TransferPool() = default;
  virtual void Start(TransferRequest request,
                     std::function<void(TransferAnswer)> done) = 0;
};

struct TransferPoolOptions {
  int max_per_host = 8;
  int max_total = 64;
  // No call may take longer, whatever its own deadline.
  Duration longest = std::chrono::seconds(60);
  std::function<Duration()> boottime = Boottime;
};

Result<std::unique_ptr<TransferPool>> NewTransferPool(
    const TransferPoolOptions& options);

}  // namespace premura
