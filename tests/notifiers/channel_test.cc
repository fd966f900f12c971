// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel.h"

#include <gtest/gtest.h>

namespace premura {
namespace {

class MuteChannel final : public Channel {
 public:
  OnDoubt on_doubt() const override { return OnDoubt::kHold; }
  std::string host() const override { return "mute"; }
  void Deliver(const Message&, Done) override {}
  void Check(std::function<void(CheckResult)>) override {}
};

TEST(ChannelTest, AChannelThatCannotBeAskedAnswersUnknown) {
  MuteChannel channel;
  std::optional<Outcome> answer;
  channel.Find(Message{}, [&](Outcome outcome) { answer = outcome; });
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->verdict, Outcome::Verdict::kUnknown);
  EXPECT_EQ(answer->reason, Reason::kUnknownOutcome);
  EXPECT_EQ(answer->detail, "this channel cannot be asked");
}

}  // namespace
}  // namespace premura
