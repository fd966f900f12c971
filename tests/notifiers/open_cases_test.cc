// SPDX-License-Identifier: Apache-2.0
#include "notifiers/open_cases.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "notifiers/ledger.h"

namespace premura {
namespace {

class OpenCasesTest : public testing::Test {
 protected:
  OpenCasesTest() {
    auto database = OpenDatabaseInMemory();
    EXPECT_TRUE(database.ok());
    auto ledger =
        Ledger::Open(std::move(database).value(), Ledger::Access::kWrite);
    EXPECT_TRUE(ledger.ok());
    ledger_ = std::move(ledger).value();
    outbox_ = std::make_unique<Outbox>(ledger_->database());
    open_ = std::make_unique<OpenCases>(outbox_.get(), false);
  }

  // As a decision does, in the ledger too.
  void Deliver(const std::string& customer, DeliveryState state) {
    CaseRecord record;
    record.detection_id = record.customer = customer;
    record.rule_id = "loop";
    ASSERT_TRUE(ledger_->AddDetection(record, true, {}).ok());
    Delivery delivery;
    delivery.key = delivery.detection = delivery.customer = customer;
    delivery.rule = "loop";
    delivery.state = state;
    ASSERT_TRUE(outbox_->Add(delivery).ok());
    open_->Add("loop", customer);
  }

  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<OpenCases> open_;
};

TEST_F(OpenCasesTest, HoldsWhatWasAddedUntilItsEndIsDurable) {
  open_->Add("loop", "acme");
  EXPECT_TRUE(open_->MayBeOpen("loop", "acme"));
  EXPECT_FALSE(open_->MayBeOpen("loop", "bolt"));
  EXPECT_FALSE(open_->MayBeOpen("other", "acme"));
  open_->Drop("loop", "acme");
  EXPECT_TRUE(open_->MayBeOpen("loop", "acme"));
  open_->OnRolledBack();
  open_->OnCommitted();
  EXPECT_TRUE(open_->MayBeOpen("loop", "acme")) << "taken back";
  open_->Drop("loop", "acme");
  open_->Add("loop", "acme");
  open_->OnCommitted();
  EXPECT_TRUE(open_->MayBeOpen("loop", "acme")) << "and opened again";
  open_->Drop("loop", "acme");
  open_->OnCommitted();
  EXPECT_FALSE(open_->MayBeOpen("loop", "acme"));
}

// However many customers are written to over the years.
TEST_F(OpenCasesTest, ForgetsWhatWasDoneWithoutBeingTold) {
  ASSERT_TRUE(open_->Load().ok());
  Deliver("waits", DeliveryState::kHeld);
  ASSERT_TRUE(ledger_->Begin().ok());
  const int few = static_cast<int>(OpenCases::kFew);
  for (int i = 1; i < few; ++i) {
    Deliver(fmt::format("c-{}", i), DeliveryState::kSent);
  }
  ASSERT_TRUE(ledger_->Commit().ok());
  EXPECT_EQ(open_->size(), OpenCases::kFew);
  ASSERT_TRUE(open_->Tidy().ok());
  EXPECT_EQ(open_->size(), 1U);
  EXPECT_TRUE(open_->MayBeOpen("loop", "waits"));
}

TEST_F(OpenCasesTest, OfASharedLedgerThoseAtHandAreLookedUp) {
  OpenCases shared(outbox_.get(), true);
  ASSERT_TRUE(ledger_->Begin().ok());
  std::vector<Cancellation> cancellations;
  for (int i = 0; i < 150; ++i) {
    const std::string customer = fmt::format("c-{}", i);
    cancellations.push_back({"loop", customer, {}, "paid"});
    if (i % 10 == 0) Deliver(customer, DeliveryState::kHeld);
    if (i % 10 == 1) Deliver(customer, DeliveryState::kSent);
  }
  Deliver("other", DeliveryState::kHeld);
  ASSERT_TRUE(shared.LookAt(cancellations).ok());
  for (int i = 0; i < 150; ++i) {
    EXPECT_EQ(shared.MayBeOpen("loop", fmt::format("c-{}", i)), i % 10 == 0);
  }
  EXPECT_FALSE(shared.MayBeOpen("loop", "other")) << "not asked for";
  // A detection of the same output.
  shared.Add("loop", "c-3");
  EXPECT_TRUE(shared.MayBeOpen("loop", "c-3"));
  ASSERT_TRUE(shared.LookAt({}).ok());
  EXPECT_EQ(shared.size(), 0U);
}

}  // namespace
}  // namespace premura
