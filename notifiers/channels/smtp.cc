// SPDX-License-Identifier: Apache-2.0
// Mail to a relay. 4xx and 5xx say that the mail was not taken; 354 and then
// silence, that it may have been. 5xx before there is a mail (to the greeting,
// EHLO; to MAIL, that one must log in) would be said to every mail: the channel
// stops.
#include <fmt/format.h>

#include <utility>

#include "notifiers/channels.h"
#include "notifiers/channels/call.h"
#include "notifiers/loopback.h"
#include "notifiers/mime.h"
#include "notifiers/text.h"

namespace premura {
namespace {

using Fault = TransferAnswer::Fault;
using Verdict = Outcome::Verdict;

class SmtpChannel final : public Channel {
 public:
  SmtpChannel(SmtpOptions options, TransferPool* pool)
      : options_(std::move(options)), pool_(pool) {}

  OnDoubt on_doubt() const override { return OnDoubt::kHold; }
  std::string host() const override {
    return fmt::format("{}://{}:{}", Scheme(), options_.host, options_.port);
  }
  void Deliver(const Message& message, Done done) override;
  void Check(std::function<void(CheckResult)> done) override;

 private:
  const char* Scheme() const {
    return options_.tls == SmtpOptions::Tls::kImplicit ? "smtps" : "smtp";
  }
  Status CheckOptions() const;
  TransferRequest Request() const;

  SmtpOptions options_;
  TransferPool* const pool_;
  Lifeline lifeline_;
};

// "550 5.1.1 <jane@acme.example>: unknown" without the address. Cut last: half
// an address is not known for one.
std::string Words(const TransferAnswer& answer) {
  return std::string(CutCharacters(MaskAnswer(OneLine(answer.body)), 300));
}

// 454 is a failing login service, 421 a server that is going away.
Outcome JudgeRefusal(const TransferAnswer& answer) {
  if (answer.code / 100 == 4) {
    return MakeOutcome(Verdict::kRetry, Reason::kThrottled, Words(answer));
  }
  return answer.fault == Fault::kTurnedAway
             ? MakeOutcome(Verdict::kStop, Reason::kMisconfigured,
                           Words(answer))
             : MakeOutcome(Verdict::kRejected, Reason::kRefused, Words(answer));
}

Outcome Judge(const TransferAnswer& answer) {
  if (answer.fault == Fault::kRefused || answer.fault == Fault::kTurnedAway) {
    return JudgeRefusal(answer);
  }
  if (answer.fault == Fault::kLogin && !answer.body.empty()) {
    return MakeOutcome(Verdict::kStop, Reason::kMisconfigured,
                       fmt::format("{} ({})", Words(answer), answer.problem));
  }
  if (answer.fault != Fault::kNone) return OutcomeOfFault(answer);
  return MakeOutcome(Verdict::kDelivered, Reason::kDelivered, Words(answer));
}

// "2.0.0 Ok: queued as 4F2A1" -> "4F2A1"
std::string QueueId(const std::string& reply) {
  constexpr std::string_view kMark = "queued as ";
  const std::size_t at = reply.find(kMark);
  return at == std::string::npos ? "" : reply.substr(at + kMark.size());
}

Status SmtpChannel::CheckOptions() const {
  if (options_.tls == SmtpOptions::Tls::kNone && !IsLoopback(options_.host)) {
    return Error{
        "without TLS only a relay on this machine may be used (`tls: none`)"};
  }
  return {};
}

TransferRequest SmtpChannel::Request() const {
  TransferRequest request;
  // The path is what EHLO says.
  request.url = fmt::format("{}/{}", host(), options_.message_id_domain);
  request.username = options_.username;
  request.password = options_.password;
  request.ca_file = options_.ca_file;
  request.plain_smtp = options_.tls == SmtpOptions::Tls::kNone;
  request.mail_from = options_.from_address;
  return request;
}

void SmtpChannel::Deliver(const Message& message, Done done) {
  if (const Status status = CheckOptions(); !status.ok()) {
    return done(MakeOutcome(Verdict::kStop, Reason::kMisconfigured,
                            status.error().message));
  }
  Result<std::string> mail = BuildMail(message, options_);
  if (!mail.ok()) {
    return done(MakeOutcome(Verdict::kRejected, Reason::kBadAddress,
                            mail.error().message));
  }
  TransferRequest request = Request();
  request.end = message.call_end;
  request.recipients = {message.to};
  request.body = std::move(mail).value();
  pool_->Start(std::move(request),
               lifeline_.Guard([done](const TransferAnswer& answer) {
                 Outcome outcome = Judge(answer);
                 outcome.provider_id = QueueId(answer.body);
                 done(std::move(outcome));
               }));
}

void SmtpChannel::Check(std::function<void(CheckResult)> done) {
  const auto failed = [host = host()](Reason why, const std::string& words) {
    return CheckResult{why, fmt::format("email ({}): {}", host, words)};
  };
  if (const Status status = CheckOptions(); !status.ok()) {
    return done(failed(Reason::kMisconfigured, status.error().message));
  }
  pool_->Start(Request(),
               lifeline_.Guard([done, failed](const TransferAnswer& answer) {
                 const Outcome outcome = Judge(answer);
                 if (outcome.verdict == Verdict::kDelivered) return done({});
                 done(failed(WhyUnusable(outcome), outcome.detail));
               }));
}

}  // namespace

std::unique_ptr<Channel> NewSmtpChannel(SmtpOptions options,
                                        TransferPool* pool) {
  return std::make_unique<SmtpChannel>(std::move(options), pool);
}

}  // namespace premura
