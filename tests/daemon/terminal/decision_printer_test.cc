// SPDX-License-Identifier: Apache-2.0
#include "daemon/terminal/decision_printer.h"

#include <gtest/gtest.h>

#include <sstream>

namespace premura {
namespace {

struct CountingObserver final : OutreachObserver {
  void OnDecided(const Decided&) override { ++calls; }
  void OnDelivered(const Delivered&) override { ++calls; }
  void OnLedger(bool, const std::string&) override { ++calls; }
  void OnChannel(const std::string&, bool, const std::string&) override {
    ++calls;
  }
  void OnChannelGone(const std::string&) override { ++calls; }
  void OnTransaction(std::chrono::duration<double>) override { ++calls; }
  int calls = 0;
};

class DecisionPrinterTest : public ::testing::Test {
 protected:
  static OutreachObserver::Decided Decide(Verdict::Kind kind, Reason reason) {
    OutreachObserver::Decided decided;
    decided.customer = "acme";
    decided.rule = "billing-page-loop";
    decided.detection = "d1";
    decided.channel = "email";
    decided.template_name = "billing-help";
    decided.why = "4 x page_viewed";
    decided.verdict.kind = kind;
    decided.verdict.reason = reason;
    return decided;
  }
  static OutreachObserver::Delivered Deliver(const std::string& state,
                                             Reason reason) {
    OutreachObserver::Delivered delivered;
    delivered.customer = "acme";
    delivered.rule = "billing-page-loop";
    delivered.detection = "d1";
    delivered.channel = "email";
    delivered.state = state;
    delivered.reason = reason;
    return delivered;
  }
  std::string Printed() {
    printer_->Print();
    return std::exchange(out_, std::ostringstream()).str();
  }

  std::ostringstream out_;
  CountingObserver next_;
  std::unique_ptr<DecisionPrinter> printer_ =
      NewDecisionPrinter(&out_, false, &next_);
};

constexpr const char* kStart =
    "acme  billing-page-loop (4 x page_viewed)  email billing-help  ";

TEST_F(DecisionPrinterTest, WhatIsSentIsShownWhenItIsSent) {
  printer_->OnDecided(Decide(Verdict::Kind::kSend, Reason::kNone));
  EXPECT_EQ(Printed(), "");
  printer_->OnDelivered(Deliver("sending", Reason::kNone));
  printer_->OnDelivered(Deliver("retry", Reason::kTimeout));
  EXPECT_EQ(Printed(), "");
  printer_->OnDelivered(Deliver("sent", Reason::kDelivered));
  EXPECT_EQ(Printed(), std::string(kStart) + "sent\n");
  printer_->OnChannelGone("sms");
  printer_->OnTransaction({});
  EXPECT_EQ(next_.calls, 6);
}

TEST_F(DecisionPrinterTest, WhatIsHeldShowsUntilWhenAndThenWhatBecameOfIt) {
  auto decided = Decide(Verdict::Kind::kHold, Reason::kQuietHours);
  decided.verdict.until = *ParseInstant("2026-01-01T09:00:00Z");
  decided.verdict.detail = "Europe/Rome";
  printer_->OnDecided(decided);
  EXPECT_EQ(Printed(), std::string(kStart) +
                           "held until 2026-01-01 09:00:00 UTC: quiet_hours "
                           "(Europe/Rome)\n");
  printer_->OnDelivered(Deliver("suppressed", Reason::kExpired));
  EXPECT_EQ(Printed(), std::string(kStart) + "not sent: expired\n");
}

TEST_F(DecisionPrinterTest, EveryOtherEndIsShownWithItsReason) {
  printer_->OnDecided(Decide(Verdict::Kind::kSuppress, Reason::kCooldown));
  EXPECT_EQ(Printed(), std::string(kStart) + "not sent: cooldown\n");
  printer_->OnDecided(Decide(Verdict::Kind::kSend, Reason::kNone));
  printer_->OnDelivered(Deliver("failed", Reason::kRefused));
  EXPECT_EQ(Printed(), std::string(kStart) + "failed: refused\n");
  printer_->OnDecided(Decide(Verdict::Kind::kSend, Reason::kNone));
  printer_->OnDelivered(Deliver("unknown", Reason::kUnknownOutcome));
  EXPECT_EQ(Printed(), std::string(kStart) +
                           "not known whether it arrived: unknown_outcome\n");
}

TEST_F(DecisionPrinterTest, ADeskIsOfTheTicketThatWasDecided) {
  auto decided = Decide(Verdict::Kind::kSend, Reason::kNone);
  decided.channel = "ticket";
  printer_->OnDecided(decided);
  auto delivered = Deliver("sent", Reason::kDelivered);
  delivered.channel = "ticket:rt";
  printer_->OnDelivered(delivered);
  EXPECT_EQ(Printed(),
            "acme  billing-page-loop (4 x page_viewed)  ticket billing-help  "
            "sent\n");
}

TEST_F(DecisionPrinterTest, TwoMailsOfOneRuleAreTwo) {
  auto decided = Decide(Verdict::Kind::kSend, Reason::kNone);
  decided.channel = "email";
  printer_->OnDecided(decided);
  decided.action = 1;
  decided.template_name = "second";
  printer_->OnDecided(decided);
  auto delivered = Deliver("sent", Reason::kDelivered);
  delivered.channel = "email";
  delivered.action = 1;
  printer_->OnDelivered(delivered);
  EXPECT_NE(Printed().find("  email second  sent\n"), std::string::npos);
  delivered.action = 0;
  printer_->OnDelivered(delivered);
  EXPECT_NE(Printed().find("  email billing-help  sent\n"), std::string::npos);
}

TEST_F(DecisionPrinterTest, NothingSteersTheTerminal) {
  auto decided = Decide(Verdict::Kind::kSuppress, Reason::kCooldown);
  decided.customer = "a\x1b[2J\n\u009b";
  printer_->OnDecided(decided);
  EXPECT_TRUE(Printed().starts_with("a?[2J??  billing"));
}

TEST_F(DecisionPrinterTest, AFloodIsBoundedAndCounted) {
  for (int i = 0; i < 10005; ++i) {
    printer_->OnDecided(Decide(Verdict::Kind::kSuppress, Reason::kCooldown));
  }
  EXPECT_TRUE(Printed().ends_with("... and 5 more\n"));
  EXPECT_EQ(Printed(), "");
}

}  // namespace
}  // namespace premura
