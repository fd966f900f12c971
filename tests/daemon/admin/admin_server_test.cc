// SPDX-License-Identifier: Apache-2.0
#include "daemon/admin/admin_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "tests/daemon/admin/http_client.h"

namespace premura {
namespace {

class AdminServerTest : public ::testing::Test {
 protected:
  void Start(AdminServerOptions options = {}) {
    AdminPages pages;
    pages.metrics = [this] {
      if (throws_) throw std::runtime_error("no metrics");
      return std::string("premura_x 1\n");
    };
    pages.readiness = [this] { return readiness_; };
    pages.api["/api/v1/echo"] = [this](const AdminQuery& query,
                                       const AdminReply& reply) {
      if (query.contains("never")) {
        kept_ = reply;
        return;
      }
      AdminAnswer answer;
      for (const auto& [name, value] : query)
        answer.body += name + "=" + value + ";";
      // As a shard does: from another thread.
      std::thread([reply, answer] {
        reply([answer] { return answer; });
      }).join();
    };
    auto server = NewAdminServer(std::move(options), std::move(pages));
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = std::move(server).value();
  }

  std::string Get(const std::string& path, const std::string& headers = "") {
    return HttpGet(server_->port(), path, headers);
  }

  Readiness readiness_;
  std::atomic<bool> throws_ = false;
  AdminReply kept_;
  std::unique_ptr<AdminServer> server_;
};

TEST_F(AdminServerTest, PagesAreServed) {
  Start();
  EXPECT_GT(server_->port(), 0);
  EXPECT_TRUE(Get("/metrics").ends_with("\r\n\r\npremura_x 1\n"));
  EXPECT_TRUE(Get("/livez").ends_with("\r\n\r\nok\n"));
  EXPECT_TRUE(Get("/healthz").ends_with("\r\n\r\nok\n"));
  EXPECT_TRUE(Get("/readyz").ends_with("\r\n\r\nready\n"));
  EXPECT_TRUE(Get("/readyz?verbose").ends_with("\r\n\r\nready\n"));
  const std::string missing = Get("/nothing");
  EXPECT_EQ(HttpStatus(missing), 404);
  EXPECT_TRUE(missing.ends_with(
      "there are /metrics, /livez, /healthz, /api/v1/echo and /readyz\n"));
}

TEST_F(AdminServerTest, AnApiPageAnswersWhenItCan) {
  Start();
  EXPECT_TRUE(Get("/api/v1/echo?customer=a%20b%2Fc+d&rule=&x")
                  .ends_with("\r\n\r\ncustomer=a b/c+d;rule=;x=;"));
  EXPECT_TRUE(Get("/api/v1/echo").ends_with("\r\n\r\n"));
  for (const char* broken : {"?a=%", "?a=%4", "?%zz=1", "?a=%4g", "?a=%00%ff",
                             "?a=%c0%80", "?%ed%a0%80=1"}) {
    EXPECT_EQ(HttpStatus(Get(std::string("/api/v1/echo") + broken)), 400)
        << broken;
  }
  EXPECT_TRUE(Get("/api/v1/echo?a=%ff")
                  .ends_with("a broken escape after the `?`, or no UTF-8\n"));
  TestConnection connection(server_->port());
  connection.Send(
      "GET /api/v1/echo?a=1 HTTP/1.1\r\n\r\n"
      "HEAD /api/v1/echo?a=1 HTTP/1.1\r\n\r\n"
      "GET /api/v1/echo?a=2 HTTP/1.1\r\nConnection: close\r\n\r\n");
  const std::string answer = connection.Read();
  EXPECT_NE(answer.find("a=1;"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("a=2;"));
}

TEST_F(AdminServerTest, AnApiPageThatDoesNotAnswerIsNotWaitedForLong) {
  AdminServerOptions options;
  options.api_timeout = std::chrono::milliseconds(20);
  Start(std::move(options));
  const std::string late = Get("/api/v1/echo?never");
  EXPECT_EQ(HttpStatus(late), 503);
  EXPECT_TRUE(late.ends_with("no answer in time: try again\n"));
  kept_([] { return AdminAnswer{}; });  // Too late: nobody is there.
  EXPECT_EQ(HttpStatus(Get("/healthz")), 200);
  server_.reset();
  kept_([] { return AdminAnswer{}; });
}

TEST_F(AdminServerTest, AnApiPageNeedsTheToken) {
  AdminServerOptions options;
  options.token = Secret("s3cret");
  Start(std::move(options));
  EXPECT_EQ(HttpStatus(Get("/api/v1/echo?a=1")), 401);
  EXPECT_TRUE(Get("/api/v1/echo?a=1", "Authorization: Bearer s3cret\r\n")
                  .ends_with("a=1;"));
}

// A name that somebody else gave this machine's address is none of ours.
TEST_F(AdminServerTest, WithoutATokenOnlyThisMachineIsAHost) {
  Start();
  readiness_.troubles = {{"ledger", "words", true}};
  const struct {
    const char* host;
    bool good;
  } cases[] = {
      {"localhost", true},
      {"LocalHost:9464", true},
      {"127.0.0.1:9464", true},
      {"127.1.2.3", true},
      {"[::1]:9464", true},
      {"", true},
      {"evil.example", false},
      {"evil.example:9464", false},
      {"localhost.evil.example", false},
      {"127.0.0.1.evil.example", false},
      {"10.0.0.1", false},
      {"[2001:db8::1]", false},
  };
  for (const auto& c : cases) {
    TestConnection connection(server_->port());
    connection.Send("GET /metrics HTTP/1.1\r\nConnection: close\r\nHost: " +
                    std::string(c.host) + "\r\n\r\n");
    const std::string answer = connection.Read();
    EXPECT_EQ(HttpStatus(answer), c.good ? 200 : 421) << c.host;
    EXPECT_EQ(answer.ends_with("without a token only by the name of this "
                               "machine's own address: localhost, 127.0.0.1 or "
                               "[::1]\n"),
              !c.good);
  }
  TestConnection probe(server_->port());
  probe.Send("GET /readyz HTTP/1.0\r\nHost: evil.example\r\n\r\n");
  EXPECT_TRUE(probe.Read().ends_with("\r\n\r\nnot ready\n"));
}

TEST_F(AdminServerTest, NotReadySaysWhy) {
  Start();
  readiness_.troubles = {{"ledger", "cannot be written", true}};
  const std::string answer = Get("/readyz");
  EXPECT_EQ(HttpStatus(answer), 503);
  EXPECT_TRUE(answer.ends_with("not ready: the ledger cannot be written\n"));
  EXPECT_EQ(HttpStatus(Get("/livez")), 200) << "alive all the same";
  const std::string json = Get("/readyz?format=json");
  EXPECT_EQ(HttpStatus(json), 503);
  EXPECT_NE(json.find("Content-Type: application/json"), std::string::npos);
  EXPECT_TRUE(json.ends_with(R"({"ready":false,"troubles":[{"part":"ledger",)"
                             R"("words":"cannot be written","unready":true}]})"
                             "\n"))
      << json;
}

TEST_F(AdminServerTest, WithATokenOnlyProbesGoWithout) {
  AdminServerOptions options;
  options.token = Secret("s3cret");
  Start(std::move(options));
  readiness_.troubles = {{"ledger", "words", true}};
  const std::string refused = Get("/metrics");
  EXPECT_EQ(HttpStatus(refused), 401);
  EXPECT_TRUE(
      refused.ends_with("a token is needed: Authorization: Bearer ..\n"));
  for (const char* wrong :
       {"Authorization: Bearer s3cres\r\n", "Authorization: Bearer s3cret2\r\n",
        "Authorization: Basic s3cret\r\n", "Authorization: Bearer \r\n"}) {
    EXPECT_EQ(HttpStatus(Get("/metrics", wrong)), 401) << wrong;
  }
  const std::string good = "Authorization: Bearer s3cret\r\n";
  EXPECT_EQ(HttpStatus(Get("/metrics", good)), 200);
  EXPECT_TRUE(Get("/readyz").ends_with("\r\n\r\nnot ready\n"));
  EXPECT_TRUE(Get("/readyz?format=json").ends_with("\n{\"ready\":false}\n"));
  EXPECT_TRUE(Get("/readyz", good).ends_with("not ready: the ledger words\n"));
  EXPECT_EQ(HttpStatus(Get("/healthz")), 200);
}

TEST_F(AdminServerTest, WhatIsNotAGoodRequestIsRefused) {
  Start();
  const std::pair<std::string, int> cases[] = {
      {"POST /metrics HTTP/1.1\r\nConnection: close\r\n\r\n", 405},
      {"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 413},
      {"GET / HTTP/1.1\r\nX: " + std::string(20000, 'a') + "\r\n\r\n", 431},
      {"nonsense\r\n\r\n", 400},
  };
  for (const auto& [request, status] : cases) {
    TestConnection connection(server_->port());
    connection.Send(request);
    EXPECT_EQ(HttpStatus(connection.Read()), status) << request.substr(0, 40);
  }
  EXPECT_EQ(HttpStatus(Get("/healthz")), 200);
}

TEST_F(AdminServerTest, HeadHasNoBody) {
  Start();
  TestConnection connection(server_->port());
  connection.Send("HEAD /metrics HTTP/1.1\r\nConnection: close\r\n\r\n");
  const std::string answer = connection.Read();
  EXPECT_EQ(HttpStatus(answer), 200);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(AdminServerTest, SeveralRequestsShareAConnection) {
  Start();
  TestConnection connection(server_->port());
  connection.Send(
      "GET /healthz HTTP/1.1\r\n\r\n"
      "GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n");
  const std::string answer = connection.Read();
  EXPECT_NE(answer.find("ok\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("premura_x 1\n"));
}

TEST_F(AdminServerTest, WhoSaysNothingIsLetGo) {
  AdminServerOptions options;
  options.request_timeout = std::chrono::milliseconds(50);
  Start(std::move(options));
  TestConnection connection(server_->port());
  EXPECT_EQ(connection.Read(), "");  // Closed by the server, not by our limit.
  EXPECT_EQ(HttpStatus(Get("/healthz")), 200);
}

TEST_F(AdminServerTest, WhoIsSilentLongestMakesRoom) {
  AdminServerOptions options;
  options.max_connections = 2;
  options.request_timeout = std::chrono::minutes(1);
  Start(std::move(options));
  TestConnection first(server_->port());
  first.Send("GET /healthz HTTP/1.1\r\n");  // Not complete: it stays.
  TestConnection second(server_->port());
  for (int i = 0; i < 2; ++i) {
    TestConnection more(server_->port());
    more.Send("GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(HttpStatus(more.Read()), 200);
    // Ours, closed, may for a moment still be counted.
    if (i == 0) {
      EXPECT_EQ(first.Read(), "");
    }
  }
}

TEST_F(AdminServerTest, APageThatThrowsDoesNotEndTheServer) {
  Start();
  throws_ = true;
  EXPECT_EQ(Get("/metrics"), "");
  throws_ = false;
  EXPECT_EQ(HttpStatus(Get("/metrics")), 200);
}

TEST_F(AdminServerTest, AnAddressThatCannotBeHadIsSaid) {
  Start();
  AdminServerOptions taken;
  taken.port = server_->port();
  const auto second = NewAdminServer(std::move(taken), {});
  ASSERT_FALSE(second.ok());
  EXPECT_TRUE(second.error().message.starts_with("cannot listen on 127.0.0.1:"))
      << second.error().message;
  AdminServerOptions name;
  name.host = "nowhere.example";
  const auto named = NewAdminServer(std::move(name), {});
  ASSERT_FALSE(named.ok());
  EXPECT_EQ(named.error().message,
            "cannot listen on nowhere.example:0: not an address");
}

}  // namespace
}  // namespace premura
