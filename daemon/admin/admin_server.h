// SPDX-License-Identifier: Apache-2.0
// AdminServer: the inbound HTTP server for people and Prometheus on this
// machine (elsewhere only with a token): GET /metrics, /livez (or /healthz),
// /readyz (as JSON with ?format=json), and the pages of the API, each of which
// may take its time.
//
// Thread: one of its own; `answer` is called there and must not block. Bounds:
// connections, time per request and answer, size of a request; no bodies.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/admin/readiness.h"
#include "notifiers/secret.h"
#include "rules/result.h"
#include "rules/time.h"

namespace premura {

struct AdminAnswer {
  int status = 200;
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
};

struct AdminServerOptions {
  std::string host = "127.0.0.1";
  int port = 0;  // 0: any that is free.
  // Not empty: asked for as `Authorization: Bearer ..`, but for the bare state
  // of /livez and /readyz, which probes read: they get no words then. Empty:
  // the request's Host must be localhost, a loopback address, or `host`.
  Secret token;
  int max_connections = 64;
  // Who says nothing for so long is let go, also between two requests; when
  // there is no room, the oldest of them at once.
  Duration request_timeout = std::chrono::seconds(2);
  Duration answer_timeout = std::chrono::seconds(10);
  Duration api_timeout = std::chrono::seconds(3);  // Of an API page; then 503.
  std::size_t max_header = 8 << 10;
};

// What stands behind the `?`, decoded. `+` is a plus.
using AdminQuery = std::map<std::string, std::string>;
// To be called once, from any thread, also after the server is gone; `make` is
// called on the server's thread.
using AdminReply = std::function<void(std::function<AdminAnswer()> make)>;

struct AdminPages {
  std::function<std::string()> metrics;
  std::function<Readiness()> readiness;
  // By path: "/api/v1/explain". Must not block.
  std::map<std::string, std::function<void(const AdminQuery&, AdminReply)>,
           std::less<>>
      api;
};

// nullopt if an escape is broken, or something is not UTF-8.
std::optional<AdminQuery> ParseAdminQuery(std::string_view query);

class AdminServer {
 public:
  virtual ~AdminServer() = default;  // Stops and joins.
  virtual int port() const = 0;
};

Result<std::unique_ptr<AdminServer>> NewAdminServer(AdminServerOptions options,
                                                    AdminPages pages);

}  // namespace premura
