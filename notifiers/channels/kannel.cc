// SPDX-License-Identifier: Apache-2.0
// SMS by Kannel's sendsms. Kannel replaces what GSM-7 lacks by "?" unless told
// coding=2, so the coding is decided here; and it knows no key, so a doubt
// holds the SMS.
#include <fmt/format.h>

#include <utility>

#include "notifiers/channels.h"
#include "notifiers/channels/call.h"
#include "notifiers/gsm7.h"
#include "notifiers/phone.h"

namespace premura {
namespace {

using Verdict = Outcome::Verdict;

class KannelChannel final : public Channel {
 public:
  KannelChannel(KannelOptions options, TransferPool* pool)
      : options_(std::move(options)), pool_(pool) {}

  OnDoubt on_doubt() const override { return OnDoubt::kHold; }
  std::string host() const override { return SchemeAndHost(options_.url); }
  void Deliver(const Message& message, Done done) override;
  void Check(std::function<void(CheckResult)> done) override;

 private:
  TransferRequest Request(const std::string& to, const std::string& text) const;
  Outcome Judge(const TransferAnswer& answer) const;

  KannelOptions options_;
  TransferPool* const pool_;
  Lifeline lifeline_;
};

TransferRequest KannelChannel::Request(const std::string& to,
                                       const std::string& text) const {
  // POST with headers rather than GET: a URL, and so the password and the
  // text, would end up in logs on the way.
  TransferRequest request;
  request.url = options_.url;
  request.method = "POST";
  request.headers = {
      "Content-Type: text/plain; charset=UTF-8",
      "X-Kannel-Username: " + options_.username,
      fmt::format("X-Kannel-Coding: {}", MeasureSms(text).gsm7 ? 0 : 2)};
  if (!to.empty()) request.headers.push_back("X-Kannel-To: " + to);
  if (!options_.sender.empty()) {
    request.headers.push_back("X-Kannel-From: " + options_.sender);
  }
  request.secret_headers = {{"X-Kannel-Password", options_.password}};
  request.body = text;
  request.ca_file = options_.ca_file;
  return request;
}

Outcome KannelChannel::Judge(const TransferAnswer& answer) const {
  if (answer.fault != TransferAnswer::Fault::kNone) {
    return OutcomeOfFault(answer);
  }
  if (answer.code == 202) {
    return MakeOutcome(Verdict::kDelivered, Reason::kDelivered,
                       Excerpt(answer));
  }
  if (answer.code / 100 == 2) {
    return MakeOutcome(Verdict::kStop, Reason::kMisconfigured,
                       "what answers is not Kannel's sendsms");
  }
  return OutcomeOfStatus(answer);
}

void KannelChannel::Deliver(const Message& message, Done done) {
  const std::optional<std::string> to = ParsePhone(message.to);
  if (!to) {
    return done(MakeOutcome(Verdict::kRejected, Reason::kBadAddress,
                            "not a telephone number with its country's code"));
  }
  TransferRequest request = Request(*to, TransliterateForSms(message.text));
  request.end = message.call_end;
  pool_->Start(std::move(request),
               lifeline_.Guard([this, done](const TransferAnswer& answer) {
                 done(Judge(answer));
               }));
}

// Without a number: Kannel looks at the login first (403), then says 400, and
// sends nothing.
void KannelChannel::Check(std::function<void(CheckResult)> done) {
  pool_->Start(
      Request("", "check"),
      lifeline_.Guard([this, done](const TransferAnswer& answer) {
        if (answer.fault == TransferAnswer::Fault::kNone &&
            answer.code == 400) {
          return done({});
        }
        const Outcome outcome = Judge(answer);
        done({WhyUnusable(outcome),
              fmt::format("sms ({}): {}", host(),
                          answer.code == 403
                              ? "Kannel does not accept user or password"
                              : outcome.detail)});
      }));
}

}  // namespace

std::unique_ptr<Channel> NewKannelChannel(KannelOptions options,
                                          TransferPool* pool) {
  return std::make_unique<KannelChannel>(std::move(options), pool);
}

}  // namespace premura
