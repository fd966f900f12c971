// SPDX-License-Identifier: Apache-2.0
// Believable usage events in Segment's shape, for benchmarks: the same seed
// gives the same events. About 300 bytes each.

#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <random>
#include <string>

namespace premura::bench {

class EventGenerator {
 public:
  explicit EventGenerator(std::uint32_t customers, std::uint64_t seed = 1)
      : customers_(customers), random_(seed) {}

  // The next event as JSON; customer() is then whose it is.
  const std::string& Next() {
    static constexpr const char* kNames[] = {
        "page_viewed",    "page_viewed",  "page_viewed",    "page_viewed",
        "api_called",     "api_called",   "api_called",     "login",
        "payment_failed", "invoice_paid", "export_started", "export_finished",
        "backup_toggled", "search_used",  "file_uploaded",  "checkout_started",
        "member_invited", "report_opened"};
    static constexpr const char* kPages[] = {"/home",         "/billing/card",
                                             "/billing/plan", "/settings",
                                             "/docs/start",   "/export"};
    const std::uint64_t dice = random_();
    customer_ = fmt::format("acme-{}", dice % customers_);
    now_ms_ += (dice >> 20) % 5;
    ++count_;
    text_.clear();
    const std::int64_t ms = now_ms_ % 1000;
    const std::int64_t second = now_ms_ / 1000;
    // A day at most: enough for any window of the benchmark's rules.
    fmt::format_to(
        std::back_inserter(text_),
        R"({{"type":"track","messageId":"msg-{:016x}-{:08x}","userId":"u-{}",)"
        R"("event":"{}","timestamp":"2026-01-{:02}T{:02}:{:02}:{:02}.{:03}Z",)"
        R"("context":{{"groupId":"{}","ip":"10.0.0.{}"}},)"
        R"("properties":{{"page":"{}","code":{},"amount":{}.5,"enabled":{},)"
        R"("service":"svc-{}"}}}})",
        dice, count_, dice % 1000003, kNames[(dice >> 8) % std::size(kNames)],
        1 + second / 86400 % 28, second / 3600 % 24, second / 60 % 60,
        second % 60, ms, customer_, (dice >> 16) % 250,
        kPages[(dice >> 24) % std::size(kPages)],
        (dice >> 28) % 7 == 0 ? 500 : 200, (dice >> 32) % 900,
        (dice >> 40) % 2 == 0 ? "true" : "false", (dice >> 41) % 4);
    return text_;
  }
  const std::string& customer() const { return customer_; }

 private:
  const std::uint32_t customers_;
  std::mt19937_64 random_;
  std::int64_t now_ms_ = 0;
  std::uint64_t count_ = 0;
  std::string customer_;
  std::string text_;
};

}  // namespace premura::bench
