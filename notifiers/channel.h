// SPDX-License-Identifier: Apache-2.0
// Channel: one way out to the world (a ticket desk, SMTP, an SMS gateway, a
// folder of files). One file per channel below notifiers/channels/.
//
// Thread: calls come from one thread, the outreach's. `done` is called exactly
// once per call, on any thread, perhaps before the call returns, unless the
// channel is destroyed first. No call blocks on the network.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "notifiers/reason.h"
#include "rules/result.h"
#include "rules/time.h"

namespace premura {

// A ticket that stands in a desk.
struct TicketReference {
  std::string desk;
  std::string id;           // "4711"
  std::string subject_tag;  // "[example.com #4711]"; empty: desk has none.
  // Message-ID that threads mail to the ticket, without <>: RT's
  // "RT-Ticket-4711@example.com"; empty: desk has none.
  std::string message_id;
};

// What is to be sent, complete and fixed at the first attempt: a repeat sends
// the same bytes under the same key.
struct Message {
  // "pre-" and 20 hex digits of the delivery: lower case, fits labels, custom
  // fields and headers everywhere.
  std::string key;
  std::string detection_id;
  std::string rule_id;
  std::string customer;
  std::string to;  // Address; of a ticket: the requestor's, may be empty.
  std::string to_name;
  std::string locale;    // "it"
  std::string category;  // "service"
  std::string subject;
  std::string text;
  std::string html;       // Email only.
  std::string queue;      // Ticket only.
  std::string priority;   // Ticket only: low | normal | high | urgent.
  std::string case_json;  // Webhook only: the CaseRecord.
  std::optional<TicketReference> ticket;  // Email: of the same case.
  Timestamp first_attempt{};
  // Not part of what is sent: when the call that carries it must have ended, by
  // Boottime(). No request of it begins later. None: at no time.
  std::optional<Duration> call_end = std::nullopt;
};

std::string ToJson(const Message& message);
Result<Message> ParseMessage(std::string_view json);

struct Outcome {
  enum class Verdict {
    kDelivered,
    kRetry,     // Has surely not arrived; may work later.
    kRejected,  // Has not arrived and never will as it is.
    kUnknown,   // May have arrived.
    kStop,      // Has not arrived: the channel is misconfigured, or refuses
                // this one with words that mean so. Its Check() knows which.
  };
  Verdict verdict = Verdict::kUnknown;
  Reason reason = Reason::kUnknownOutcome;
  std::string detail;       // For log and ledger; no secrets, no addresses.
  std::string provider_id;  // Ticket number, queue id, sid.
  std::optional<TicketReference> ticket;
  std::optional<Duration> retry_after;  // If the other side asked for one.
};

// "delivered", "retry", "rejected", "unknown", "stop"
std::string_view ToString(Outcome::Verdict verdict);

// Why a channel cannot work at all, or that nothing is wrong.
struct CheckResult {
  Reason reason = Reason::kNone;  // kMisconfigured, kUnreachable.
  std::string problem;            // In words for a person.
  bool ok() const { return reason == Reason::kNone; }
};

// What a channel allows when it is not known whether a message arrived.
enum class OnDoubt {
  kRepeat,  // The other side knows the key and does it once.
  kAsk,     // Find() says whether it is there.
  kHold,    // Neither: a person decides.
};

class Channel {
 public:
  using Done = std::function<void(Outcome)>;

  virtual ~Channel() = default;

  virtual OnDoubt on_doubt() const = 0;
  // "https://rt.example.com": what a circuit breaker watches.
  virtual std::string host() const = 0;

  virtual void Deliver(const Message& message, Done done) = 0;

  // Whether a message with this key has arrived: kDelivered with
  // kAlreadyThere, or kRetry if it surely has not, or kUnknown if it could not
  // be asked, or kStop if nothing can be. REQUIRES: on_doubt() == kAsk.
  virtual void Find(const Message& message, Done done);

  // Whether the channel can work at all: address reachable, credentials good,
  // key field there.
  virtual void Check(std::function<void(CheckResult)> done) = 0;
};

}  // namespace premura
