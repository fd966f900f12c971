// SPDX-License-Identifier: Apache-2.0
// Decoding on several threads gives what one decoder gives, in the same order.

#include "daemon/simulation/decode_ahead.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>

namespace premura {
namespace {

using ::testing::HasSubstr;

constexpr int kRecords = 20'000;  // Several batches for each thread.

// Events, several in one record, parts of records, and what cannot be used.
class Records final : public PastEvents {
 public:
  std::string name() const override { return "records"; }
  Result<std::vector<std::string>> Head(std::size_t) override {
    return std::vector<std::string>();
  }
  std::optional<double> Done() const override { return std::nullopt; }
  Status Read(const Take& take) override {
    for (int i = 0; i < kRecords; ++i) {
      const std::string number = std::to_string(i);
      const std::array<Header, 1> headers = {{{"who", number}}};
      Record record;
      record.position = i;
      record.headers = headers;
      record.key = number;
      const std::string value = ValueOf(i);
      if (i % 11 != 0) record.value = value;  // Else a tombstone.
      if (Status taken = take(record); !taken.ok()) return taken;
    }
    return {};
  }

 private:
  static std::string ValueOf(int i) {
    if (i % 7 == 0) return "{broken";
    const std::string one =
        fmt::format(R"({{"event":"e{}","ts":{}}})", i, 1767225600 + i);
    return i % 5 == 0 ? "[" + one + "," + one + "]" : one;
  }
};

// What was decoded, in one line each.
class Lines final : public DecodeSink {
 public:
  void OnEvent(const Event& event) override {
    lines.push_back(fmt::format("{} {} {}", event.name, event.customer,
                                FormatInstant(event.time)));
  }
  void OnProfile(ProfileChange change, Timestamp) override {
    lines.push_back("profile " + change.customer);
  }
  void OnRefused(Refusal reason, std::string_view) override {
    lines.emplace_back(ToString(reason));
  }
  std::vector<std::string> lines;
};

Result<std::unique_ptr<EventDecoder>> MakeDecoder() {
  DecoderOptions options;
  options.mapping.customer = {"header:who"};
  return NewEventDecoder(options);
}

TEST(DecodeAhead, GivesWhatOneDecoderGivesInTheSameOrder) {
  const Symbols symbols;
  Lines expected;
  const auto plain = MakeDecoder();
  ASSERT_TRUE(plain.ok());
  plain.value()->Use(&symbols);
  ASSERT_TRUE(Records()
                  .Read([&](const Record& record) {
                    plain.value()->Decode(record, &expected);
                    return Status();
                  })
                  .ok());
  ASSERT_GT(expected.lines.size(), std::size_t{kRecords});
  for (const int threads : {1, 2, 5}) {
    const auto ahead = NewDecodeAhead(threads, MakeDecoder);
    ASSERT_TRUE(ahead.ok());
    EventDecoder* const decoder = ahead.value()->decoder();
    decoder->Use(&symbols);
    Lines found;
    std::int64_t next = 0;
    Records records;
    const Status read =
        ahead.value()->Read(&records, [&](const Record& record) {
          EXPECT_EQ(record.position, next++);
          decoder->Decode(record, &found);
          return Status();
        });
    EXPECT_TRUE(read.ok());
    EXPECT_TRUE(found.lines == expected.lines) << threads;
  }
}

TEST(DecodeAhead, EndsWhereItsTakerFails) {
  const Symbols symbols;
  const auto ahead = NewDecodeAhead(3, MakeDecoder);
  ASSERT_TRUE(ahead.ok());
  ahead.value()->decoder()->Use(&symbols);
  Records records;
  const Status read =
      ahead.value()->Read(&records, [](const Record& record) -> Status {
        if (record.position == 5000) return Error{"enough"};
        return {};
      });
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().message, "enough");
}

TEST(DecodeAhead, FailsWhereNoDecoderCanBeMade) {
  DecoderOptions options;
  options.mapping.customer = {"a..b"};
  const auto ahead =
      NewDecodeAhead(2, [&] { return NewEventDecoder(options); });
  ASSERT_FALSE(ahead.ok());
  EXPECT_THAT(ahead.error().message, HasSubstr("a..b"));
}

}  // namespace
}  // namespace premura
