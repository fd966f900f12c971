// SPDX-License-Identifier: Apache-2.0
// SMS by Twilio's Messages API (2010-04-01). It takes no key, so a doubt holds
// the SMS.
#include <fmt/format.h>
#include <simdjson.h>

#include <utility>

#include "notifiers/channels.h"
#include "notifiers/channels/call.h"
#include "notifiers/gsm7.h"
#include "notifiers/phone.h"
#include "notifiers/text.h"

namespace premura {
namespace {

using simdjson::dom::element;
using Verdict = Outcome::Verdict;

struct TwilioReply {
  std::string sid;
  std::int64_t code = 0;
  std::string message;
};

TwilioReply ReadReply(const std::string& body) {
  TwilioReply reply;
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(body).get(root) != simdjson::SUCCESS) return reply;
  std::string_view text;
  if (root["sid"].get(text) == simdjson::SUCCESS) reply.sid = text;
  if (root["message"].get(text) == simdjson::SUCCESS) reply.message = text;
  if (root["code"].get(reply.code) != simdjson::SUCCESS) reply.code = 0;
  return reply;
}

class TwilioChannel final : public Channel {
 public:
  TwilioChannel(TwilioOptions options, TransferPool* pool)
      : options_(std::move(options)), pool_(pool) {
    options_.url = WithoutSlash(options_.url);
  }

  OnDoubt on_doubt() const override { return OnDoubt::kHold; }
  std::string host() const override { return SchemeAndHost(options_.url); }
  void Deliver(const Message& message, Done done) override;
  void Check(std::function<void(CheckResult)> done) override;

 private:
  TransferRequest Request(const std::string& path) const;

  TwilioOptions options_;
  TransferPool* const pool_;
  Lifeline lifeline_;
};

TransferRequest TwilioChannel::Request(const std::string& path) const {
  TransferRequest request;
  request.url = fmt::format("{}/2010-04-01/Accounts/{}{}.json", options_.url,
                            UrlEncode(options_.account_sid), path);
  request.username = options_.account_sid;
  request.password = options_.auth_token;
  request.ca_file = options_.ca_file;
  return request;
}

Outcome Judge(const TransferAnswer& answer) {
  if (answer.fault != TransferAnswer::Fault::kNone) {
    return OutcomeOfFault(answer);
  }
  const TwilioReply reply = ReadReply(answer.body);
  if (answer.code == 201) {
    Outcome outcome = MakeOutcome(Verdict::kDelivered, Reason::kDelivered,
                                  "sid " + reply.sid);
    outcome.provider_id = reply.sid;
    return outcome;
  }
  Outcome outcome = OutcomeOfStatus(answer);
  if (reply.code != 0) {
    outcome.detail =
        MaskAnswer(fmt::format("{}: {} {}", answer.code, reply.code,
                               OneLine(CutCharacters(reply.message, 300))));
  }
  switch (reply.code) {
    case 20429:
      outcome.verdict = Verdict::kRetry;
      outcome.reason = Reason::kThrottled;
      break;
    case 21610:  // The customer has sent STOP to this number.
      outcome.verdict = Verdict::kRejected;
      outcome.reason = Reason::kNoConsent;
      break;
    case 21211:  // No such number,
    case 21614:  // or one that takes no SMS.
      outcome.verdict = Verdict::kRejected;
      outcome.reason = Reason::kBadAddress;
      break;
    case 20003:  // Credentials.
    case 21212:  // Our sender is none,
    case 21606:  // or cannot send.
    case 21608:  // Trial account.
      outcome.verdict = Verdict::kStop;
      outcome.reason = Reason::kMisconfigured;
      break;
    default:
      break;
  }
  return outcome;
}

void TwilioChannel::Deliver(const Message& message, Done done) {
  const std::optional<std::string> to = ParsePhone(message.to);
  if (!to) {
    return done(MakeOutcome(Verdict::kRejected, Reason::kBadAddress,
                            "not a telephone number with its country's code"));
  }
  TransferRequest request = Request("/Messages");
  request.end = message.call_end;
  request.method = "POST";
  request.headers = {"Content-Type: application/x-www-form-urlencoded"};
  const bool service = !options_.messaging_service_sid.empty();
  request.body = fmt::format(
      "To={}&{}={}&Body={}", UrlEncode(*to),
      service ? "MessagingServiceSid" : "From",
      UrlEncode(service ? options_.messaging_service_sid : options_.sender),
      UrlEncode(TransliterateForSms(message.text)));
  pool_->Start(std::move(request),
               lifeline_.Guard([done](const TransferAnswer& answer) {
                 done(Judge(answer));
               }));
}

void TwilioChannel::Check(std::function<void(CheckResult)> done) {
  pool_->Start(Request(""), lifeline_.Guard([this, done](
                                                const TransferAnswer& answer) {
    if (answer.fault == TransferAnswer::Fault::kNone && answer.code == 200) {
      return done({});
    }
    const Outcome outcome = Judge(answer);
    done({WhyUnusable(outcome),
          fmt::format("sms ({}): {}", host(),
                      answer.code == 401
                          ? "Twilio does not accept account or token"
                          : outcome.detail)});
  }));
}

}  // namespace

std::unique_ptr<Channel> NewTwilioChannel(TwilioOptions options,
                                          TransferPool* pool) {
  return std::make_unique<TwilioChannel>(std::move(options), pool);
}

}  // namespace premura
