// SPDX-License-Identifier: Apache-2.0
// Request Tracker 5 by REST 2.0. RT deduplicates nothing: the key stands in a
// custom field and is searched for. Its search is loose (case, and everything
// matches an over-long value), so what it finds is compared again.
#include <fmt/format.h>
#include <simdjson.h>

#include <mutex>
#include <set>
#include <utility>

#include "notifiers/channels.h"
#include "notifiers/channels/desk.h"
#include "notifiers/channels/ticket_ids.h"
#include "notifiers/json_writer.h"
#include "notifiers/text.h"

namespace premura {
namespace {

using simdjson::dom::element;

constexpr std::size_t kSubjectLimit = 200;  // RT would cut it itself.

// TicketSQL knows backslashes inside single quotes.
std::string QuoteSql(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

int PriorityOf(const std::string& word) {
  if (word == "low") return 20;
  if (word == "high") return 80;
  if (word == "urgent") return 100;
  return 50;
}

bool HasValue(const element& ticket, std::string_view field,
              std::string_view value) {
  simdjson::dom::array fields;
  if (ticket["CustomFields"].get(fields) != simdjson::SUCCESS) return false;
  for (const element entry : fields) {
    std::string_view name;
    simdjson::dom::array values;
    if (entry["name"].get(name) != simdjson::SUCCESS || name != field ||
        entry["values"].get(values) != simdjson::SUCCESS) {
      continue;
    }
    for (const element held : values) {
      std::string_view text;
      if (held.get(text) == simdjson::SUCCESS && text == value) return true;
    }
  }
  return false;
}

// nullopt if the answer is not a list of tickets at all.
std::optional<std::vector<long>> TicketsWithKey(const std::string& body,
                                                const std::string& field,
                                                const std::string& key) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(body).get(root) != simdjson::SUCCESS) return std::nullopt;
  return IdsWithKey(root["items"].get_array(), [&](const element& ticket) {
    return HasValue(ticket, field, key);
  });
}

class RtChannel final : public DeskChannel {
 public:
  RtChannel(RtOptions options, TransferPool* pool)
      : options_(std::move(options)), pool_(pool) {
    options_.url = WithoutSlash(options_.url);
    if (options_.name.empty()) options_.name = HostName();
  }

  std::string host() const override { return SchemeAndHost(options_.url); }
  void Check(std::function<void(CheckResult)> done) override;

 protected:
  void Search(const Message& message, std::function<void(Found)> done) override;
  void Create(const Message& message, Done done) override;

  TicketReference ReferenceTo(const std::string& id) const override {
    return {options_.desk, id, fmt::format("[{} #{}]", options_.name, id),
            fmt::format("RT-Ticket-{}@{}", id, options_.name)};
  }

 private:
  std::string HostName() const;
  // Of a message's call; of none, without an end.
  TransferRequest Request(const std::string& path,
                          const Message* message = nullptr) const;
  const std::string& QueueOf(const Message& message) const {
    return message.queue.empty() ? options_.queue : message.queue;
  }
  // Check() has looked at the desk's own queue; others are looked at before
  // the first ticket.
  bool IsTrusted(const std::string& queue) const;
  void Trust(const std::string& queue, bool trusted);
  void CheckQueueThenCreate(const Message& message, Done done);
  void CreateNow(const Message& message, Done done);
  std::string TicketJson(const Message& message) const;
  Status JudgeQueue(const TransferAnswer& answer,
                    const std::string& queue_name) const;

  RtOptions options_;
  TransferPool* const pool_;
  mutable std::mutex mutex_;
  std::set<std::string> trusted_;  // Guarded by mutex_.
  Lifeline lifeline_;
};

std::string RtChannel::HostName() const {
  const std::string host = SchemeAndHost(options_.url);
  const std::string_view name = std::string_view(host).substr(
      std::min(host.size(), host.find("://") + 3));
  return std::string(name.substr(0, name.find(':')));
}

TransferRequest RtChannel::Request(const std::string& path,
                                   const Message* message) const {
  TransferRequest request;
  if (message != nullptr) request.end = message->call_end;
  request.url = options_.url + "/REST/2.0" + path;
  request.headers = {"Content-Type: application/json",
                     "Accept: application/json"};
  request.secret_headers = {
      {"Authorization", Secret("token " + options_.token.Reveal())}};
  request.ca_file = options_.ca_file;
  return request;
}

void RtChannel::Search(const Message& message,
                       std::function<void(Found)> done) {
  const std::string& key = message.key;
  const std::string query = fmt::format(
      "{} = {}", QuoteSql("CF.{" + options_.key_field + "}"), QuoteSql(key));
  pool_->Start(
      Request("/tickets?fields=CustomFields&orderby=id&order=ASC&query=" +
                  UrlEncode(query),
              &message),
      lifeline_.Guard([this, key, done](const TransferAnswer& answer) {
        Found found;
        if (answer.fault != TransferAnswer::Fault::kNone) {
          found.problem = OutcomeOfFault(answer);
        } else if (answer.code != 200) {
          found.problem = OutcomeOfStatus(answer);
        } else if (auto ids =
                       TicketsWithKey(answer.body, options_.key_field, key)) {
          found.ids = *std::move(ids);
        } else {
          found.problem =
              MakeOutcome(Outcome::Verdict::kStop, Reason::kMisconfigured,
                          "what answers is not RT's REST 2.0");
        }
        done(std::move(found));
      }));
}

std::string RtChannel::TicketJson(const Message& message) const {
  const std::string subject = OneLine(message.subject);
  std::string json =
      fmt::format(R"({{"Queue":{},"Subject":{},"Priority":"{}","Content":{},)"
                  R"("ContentType":"text/plain","CustomFields":{{{}:{}}})",
                  JsonText(QueueOf(message)),
                  JsonText(CutCharacters(subject, kSubjectLimit)),
                  PriorityOf(message.priority), JsonText(message.text),
                  JsonText(options_.key_field), JsonText(message.key));
  if (options_.requestor && !message.to.empty()) {
    json += ",\"Requestor\":" + JsonText(message.to);
  }
  return json + "}";
}

bool RtChannel::IsTrusted(const std::string& queue) const {
  if (queue == options_.queue) return true;
  const std::lock_guard lock(mutex_);
  return trusted_.contains(queue);
}

void RtChannel::Trust(const std::string& queue, bool trusted) {
  const std::lock_guard lock(mutex_);
  if (trusted) {
    trusted_.insert(queue);
  } else {
    trusted_.erase(queue);
  }
}

void RtChannel::Create(const Message& message, Done done) {
  if (IsTrusted(QueueOf(message))) {
    CreateNow(message, std::move(done));
  } else {
    CheckQueueThenCreate(message, std::move(done));
  }
}

void RtChannel::CheckQueueThenCreate(const Message& message, Done done) {
  pool_->Start(
      Request("/queue/" + UrlEncode(message.queue), &message),
      lifeline_.Guard([this, message, done](const TransferAnswer& answer) {
        if (answer.fault != TransferAnswer::Fault::kNone) {
          return done(BeforeSending(OutcomeOfFault(answer)));
        }
        if (answer.code != 200 && answer.code != 403 && answer.code != 404) {
          return done(BeforeSending(OutcomeOfStatus(answer)));
        }
        const Status status = JudgeQueue(answer, message.queue);
        if (!status.ok()) return done(WrongQueue(status.error().message));
        Trust(message.queue, true);
        CreateNow(message, done);
      }));
}

void RtChannel::CreateNow(const Message& message, Done done) {
  TransferRequest request = Request("/ticket", &message);
  request.method = "POST";
  request.body = TicketJson(message);
  pool_->Start(
      std::move(request), lifeline_.Guard([this, queue = QueueOf(message),
                                           done](const TransferAnswer& answer) {
        if (answer.fault != TransferAnswer::Fault::kNone) {
          return done(OutcomeOfFault(answer));
        }
        if (queue != options_.queue &&
            (answer.code == 403 || answer.code == 404)) {
          Trust(queue, false);
          return done(WrongQueue(fmt::format(
              "RT makes no ticket in queue `{}`: {}", queue, Excerpt(answer))));
        }
        if (answer.code != 201) return done(OutcomeOfStatus(answer));
        simdjson::dom::parser parser;
        element root;
        if (parser.parse(answer.body).get(root) == simdjson::SUCCESS) {
          if (const std::optional<long> id = IdOf(root)) {
            return done(Delivered(Reason::kDelivered, std::to_string(*id)));
          }
        }
        done(MakeOutcome(Outcome::Verdict::kUnknown, Reason::kUnknownOutcome,
                         "RT made a ticket but did not say which"));
      }));
}

Status RtChannel::JudgeQueue(const TransferAnswer& answer,
                             const std::string& queue_name) const {
  if (answer.fault != TransferAnswer::Fault::kNone) {
    return StatusOf(OutcomeOfFault(answer));
  }
  if (answer.code == 401) return Error{"RT does not accept the token"};
  // RT says 403 where a queue does not exist, too.
  if (answer.code == 403 || answer.code == 404) {
    return Error{fmt::format(
        "there is no queue `{}` in RT, or the token's user may not see it",
        queue_name)};
  }
  if (answer.code != 200) return Error{"RT answers " + Excerpt(answer)};
  simdjson::dom::parser parser;
  element queue;
  simdjson::dom::array fields;
  if (parser.parse(answer.body).get(queue) != simdjson::SUCCESS ||
      queue["TicketCustomFields"].get(fields) != simdjson::SUCCESS) {
    return Error{"what answers is not RT's REST 2.0"};
  }
  for (const element field : fields) {
    std::string_view name;
    if (field["name"].get(name) == simdjson::SUCCESS &&
        name == options_.key_field) {
      return {};
    }
  }
  return Error{fmt::format(
      "queue `{}` has no custom field `{}` that the token's user may see: "
      "add one for tickets (type \"Enter one value\"), with the rights "
      "SeeCustomField, ModifyCustomField and SetInitialCustomField; without "
      "it RT would drop the key in silence and tickets could come twice",
      queue_name, options_.key_field)};
}

void RtChannel::Check(std::function<void(CheckResult)> done) {
  pool_->Start(Request("/queue/" + UrlEncode(options_.queue)),
               lifeline_.Guard([this, done](const TransferAnswer& answer) {
                 const Status status = JudgeQueue(answer, options_.queue);
                 if (status.ok()) return done({});
                 const bool fault =
                     answer.fault != TransferAnswer::Fault::kNone;
                 done({WhyUnusable(fault ? OutcomeOfFault(answer)
                                         : OutcomeOfStatus(answer)),
                       fmt::format("desk `{}` ({}): {}", options_.desk, host(),
                                   status.error().message)});
               }));
}

}  // namespace

std::unique_ptr<Channel> NewRtChannel(RtOptions options, TransferPool* pool) {
  return std::make_unique<RtChannel>(std::move(options), pool);
}

}  // namespace premura
