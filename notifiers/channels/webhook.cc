// SPDX-License-Identifier: Apache-2.0
// Standard Webhooks 1.0: the receiver knows webhook-id and acts once, so a
// doubt is answered by sending again. The signature's time is the attempt's.
#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "notifiers/case_record.h"
#include "notifiers/channels.h"
#include "notifiers/channels/call.h"
#include "notifiers/json_writer.h"
#include "notifiers/signature.h"

namespace premura {
namespace {

using Verdict = Outcome::Verdict;

constexpr std::size_t kBodyLimit = 20'000;

class WebhookChannel final : public Channel {
 public:
  WebhookChannel(WebhookOptions options, TransferPool* pool, const Clock* clock)
      : options_(std::move(options)), pool_(pool), clock_(clock) {}

  OnDoubt on_doubt() const override { return OnDoubt::kRepeat; }
  std::string host() const override { return SchemeAndHost(options_.url); }
  void Deliver(const Message& message, Done done) override;
  void Check(std::function<void(CheckResult)> done) override;

 private:
  Result<std::string> Signatures(const std::string& id, std::int64_t seconds,
                                 const std::string& body) const;
  Outcome Judge(const TransferAnswer& answer) const;

  WebhookOptions options_;
  TransferPool* const pool_;
  const Clock* const clock_;
  Lifeline lifeline_;
};

std::string BodyOf(const Message& message) {
  return fmt::format(
      R"({{"type":"case.opened","timestamp":"{}","data":{{)"
      R"("key":{},"customer":{},"rule":{},"detection":{},"locale":{},)"
      R"("priority":{},"subject":{},"text":{},"case":{}}}}})",
      FormatInstant(message.first_attempt), JsonText(message.key),
      JsonText(message.customer), JsonText(message.rule_id),
      JsonText(message.detection_id), JsonText(message.locale),
      JsonText(message.priority), JsonText(message.subject),
      JsonText(message.text),
      message.case_json.empty() ? "null" : message.case_json);
}

// Leaves out the oldest evidence until the rest fits.
std::string FittingBodyOf(const Message& message) {
  std::string body = BodyOf(message);
  if (body.size() <= kBodyLimit) return body;
  Result<CaseRecord> record = ParseCaseRecord(message.case_json);
  if (!record.ok()) return body;
  Message shorter = message;
  std::vector<EvidenceEvent>& evidence = record.value().evidence;
  while (body.size() > kBodyLimit && !evidence.empty()) {
    const auto half = static_cast<std::ptrdiff_t>((evidence.size() + 1) / 2);
    evidence.erase(evidence.begin(), evidence.begin() + half);
    shorter.case_json = ToJson(record.value());
    body = BodyOf(shorter);
  }
  return body;
}

Result<std::string> WebhookChannel::Signatures(const std::string& id,
                                               std::int64_t seconds,
                                               const std::string& body) const {
  Result<std::string> signature =
      SignWebhook(options_.secret, id, seconds, body);
  if (!signature.ok() || options_.old_secret.empty()) return signature;
  Result<std::string> old = SignWebhook(options_.old_secret, id, seconds, body);
  if (!old.ok()) return old.error().WithContext("old secret");
  return signature.value() + " " + old.value();
}

void WebhookChannel::Deliver(const Message& message, Done done) {
  TransferRequest request;
  request.body = FittingBodyOf(message);
  if (request.body.size() > kBodyLimit) {
    return done(
        MakeOutcome(Verdict::kRejected, Reason::kRefused,
                    fmt::format("the case has {} bytes, a webhook at most {}",
                                request.body.size(), kBodyLimit)));
  }
  const std::int64_t seconds =
      std::chrono::floor<std::chrono::seconds>(clock_->Now())
          .time_since_epoch()
          .count();
  const Result<std::string> signatures =
      Signatures(message.key, seconds, request.body);
  if (!signatures.ok()) {
    return done(MakeOutcome(Verdict::kStop, Reason::kMisconfigured,
                            signatures.error().message));
  }
  request.url = options_.url;
  request.method = "POST";
  request.repeat_safe = true;
  request.end = message.call_end;
  request.ca_file = options_.ca_file;
  request.headers = {"Content-Type: application/json",
                     "webhook-id: " + message.key,
                     fmt::format("webhook-timestamp: {}", seconds),
                     "webhook-signature: " + signatures.value()};
  pool_->Start(std::move(request),
               lifeline_.Guard([this, done](const TransferAnswer& answer) {
                 done(Judge(answer));
               }));
}

Outcome WebhookChannel::Judge(const TransferAnswer& answer) const {
  if (answer.fault != TransferAnswer::Fault::kNone) {
    return OutcomeOfFault(answer);
  }
  if (answer.code / 100 == 2) {
    return MakeOutcome(Verdict::kDelivered, Reason::kDelivered,
                       std::to_string(answer.code));
  }
  Outcome outcome = OutcomeOfStatus(answer);
  if (answer.code == 410) {  // "Do not call me any more."
    outcome.verdict = Verdict::kStop;
    outcome.reason = Reason::kMisconfigured;
  } else if (answer.code == 502 || answer.code == 504) {
    outcome.reason = Reason::kThrottled;  // A proxy's word.
  }
  return outcome;
}

void WebhookChannel::Check(std::function<void(CheckResult)> done) {
  const auto failed = [this](Reason why, const std::string& words) {
    return CheckResult{
        why, fmt::format("desk `{}` ({}): {}", options_.desk, host(), words)};
  };
  if (const auto signed_text = Signatures("check", 0, ""); !signed_text.ok()) {
    return done(failed(Reason::kMisconfigured, signed_text.error().message));
  }
  TransferRequest request;  // Whether anybody is there; OPTIONS does nothing.
  request.url = options_.url;
  request.method = "OPTIONS";
  request.ca_file = options_.ca_file;
  pool_->Start(
      std::move(request),
      lifeline_.Guard([done, failed](const TransferAnswer& answer) {
        if (answer.fault == TransferAnswer::Fault::kNone) {
          return done({});
        }
        done(failed(WhyUnusable(OutcomeOfFault(answer)), answer.problem));
      }));
}

}  // namespace

std::unique_ptr<Channel> NewWebhookChannel(WebhookOptions options,
                                           TransferPool* pool,
                                           const Clock* clock) {
  return std::make_unique<WebhookChannel>(std::move(options), pool, clock);
}

}  // namespace premura
