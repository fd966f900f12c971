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
  // With `services` each customer uses two of so many; else anything of four.
  explicit EventGenerator(std::uint32_t customers, std::uint64_t seed = 1,
                          std::uint32_t services = 0)
      : customers_(customers), services_(services), random_(seed) {}

  // The next event as JSON; customer() is then whose it is.
  const std::string& Next() {
    const std::uint64_t dice = random_();
    now_ms_ += static_cast<std::int64_t>((dice >> 20) % 5);
    return Write(dice, static_cast<std::uint32_t>(dice % customers_), nullptr);
  }
  // Of that customer at that time, and, if it is given, of that name.
  const std::string& Next(std::uint32_t customer, std::int64_t ms,
                          const char* name = nullptr) {
    now_ms_ = ms;
    return Write(random_(), customer, name);
  }
  const std::string& customer() const { return customer_; }

 private:
  std::string Service(std::uint64_t dice, std::uint32_t customer) const {
    if (services_ == 0) return fmt::format("svc-{}", (dice >> 41) % 4);
    return fmt::format("s-{}", (customer + (dice >> 41) % 2) % services_);
  }

  const std::string& Write(std::uint64_t dice, std::uint32_t customer,
                           const char* name) {
    static constexpr const char* kNames[] = {
        "page_viewed",    "page_viewed",  "page_viewed",    "page_viewed",
        "api_called",     "api_called",   "api_called",     "login",
        "payment_failed", "invoice_paid", "export_started", "export_finished",
        "backup_toggled", "search_used",  "file_uploaded",  "checkout_started",
        "member_invited", "report_opened"};
    static constexpr const char* kPages[] = {"/home",         "/billing/card",
                                             "/billing/plan", "/settings",
                                             "/docs/start",   "/export"};
    customer_ = fmt::format("acme-{}", customer);
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
        R"("service":"{}"}}}})",
        dice, count_, dice % 1000003,
        name != nullptr ? name : kNames[(dice >> 8) % std::size(kNames)],
        1 + second / 86400 % 28, second / 3600 % 24, second / 60 % 60,
        second % 60, ms, customer_, (dice >> 16) % 250,
        kPages[(dice >> 24) % std::size(kPages)],
        (dice >> 28) % 7 == 0 ? 500 : 200, (dice >> 32) % 900,
        (dice >> 40) % 2 == 0 ? "true" : "false", Service(dice, customer));
    return text_;
  }

  const std::uint32_t customers_;
  const std::uint32_t services_;
  std::mt19937_64 random_;
  std::int64_t now_ms_ = 0;
  std::uint64_t count_ = 0;
  std::string customer_;
  std::string text_;
};

}  // namespace premura::bench
