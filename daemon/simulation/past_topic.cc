// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/simulation/past_events.h"

namespace premura {
namespace {

class PastTopic final : public PastEvents {
 public:
  PastTopic(std::string name, std::unique_ptr<KafkaRange> range)
      : name_(std::move(name)), range_(std::move(range)) {}

  std::string name() const override { return name_; }

  Result<std::vector<std::string>> Head(std::size_t most) override {
    std::vector<std::string> head;
    const Status read = range_->Read([&head, most](const Record& record) {
      head.emplace_back(record.value);
      return head.size() < most;
    });
    if (!read.ok()) return read.error();
    return head;
  }

  Status Read(const Take& take) override {
    Status taken;
    read_ = 0;
    const Status read = range_->Read([&](Record record) {
      record.partition = 0;
      ++read_;
      taken = take(record);
      return taken.ok();
    });
    return taken.ok() ? read : taken;
  }

  std::optional<double> Done() const override {
    const auto all = static_cast<double>(range_->records());
    return all == 0 ? 1 : std::min(1.0, static_cast<double>(read_) / all);
  }

 private:
  const std::string name_;
  const std::unique_ptr<KafkaRange> range_;
  std::int64_t read_ = 0;
};

}  // namespace

Result<std::unique_ptr<PastEvents>> OpenPastTopics(KafkaRangeOptions options) {
  std::string name = fmt::format("{}", fmt::join(options.topics, ", "));
  auto range = OpenKafkaRange(std::move(options));
  if (!range.ok()) return range.error();
  return std::unique_ptr<PastEvents>(
      std::make_unique<PastTopic>(std::move(name), std::move(range).value()));
}

}  // namespace premura
