// SPDX-License-Identifier: Apache-2.0
#include "notifiers/signature.h"

#include <gtest/gtest.h>

namespace premura {
namespace {

TEST(SignatureTest, TheStandardsOwnVectorComesOut) {
  const Result<std::string> signature = SignWebhook(
      Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
      "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})");
  ASSERT_TRUE(signature.ok());
  EXPECT_EQ(signature.value(),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(SignatureTest, SecretsThatAreNoneAreNamed) {
  const struct {
    const char* secret;
    const char* message;
  } cases[] = {
      {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
       "a webhook's secret begins with whsec_"},
      {"whsec_not base64!", "webhook's secret: not base64"},
      {"whsec_AAAA",
       "a webhook's secret holds 24 to 64 bytes after whsec_, not 3"},
      {"whsec_", "a webhook's secret holds 24 to 64 bytes after whsec_, not 0"},
  };
  for (const auto& c : cases) {
    const auto signature = SignWebhook(Secret(c.secret), "id", 1, "");
    ASSERT_FALSE(signature.ok()) << c.secret;
    EXPECT_EQ(signature.error().message, c.message);
    EXPECT_EQ(signature.error().message.find("MfKQ"), std::string::npos);
  }
}

TEST(SignatureTest, Base64GoesThereAndBack) {
  for (const std::string text : {"", "f", "fo", "foo", "foob"}) {
    const Result<std::string> back = DecodeBase64(EncodeBase64(text));
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(back.value(), text);
  }
  EXPECT_EQ(EncodeBase64("foob"), "Zm9vYg==");
}

}  // namespace
}  // namespace premura
