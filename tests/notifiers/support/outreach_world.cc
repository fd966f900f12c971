// SPDX-License-Identifier: Apache-2.0
#include "tests/notifiers/support/outreach_world.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>

#include "notifiers/template_words.h"
#include "signals/zones.h"
#include "tests/support/said.h"

namespace premura {
namespace {

Outcome Answered(Outcome::Verdict verdict, Reason reason) {
  Outcome outcome;
  outcome.verdict = verdict;
  outcome.reason = reason;
  outcome.detail = "the fake says so";
  return outcome;
}

}  // namespace

void FakeChannel::Next(std::vector<std::string> answers) {
  for (std::string& answer : answers) next_.push_back(std::move(answer));
}

void FakeChannel::Arrive(const std::string& key) {
  int& times = arrived_[key];
  if (times == 0 || on_doubt_ != OnDoubt::kRepeat) ++times;
}

int FakeChannel::Arrived(const std::string& key) const {
  const auto found = arrived_.find(key);
  return found == arrived_.end() ? 0 : found->second;
}

int FakeChannel::TotalArrived() const {
  int total = 0;
  for (const auto& [key, times] : arrived_) total += times;
  return total;
}

Outcome FakeChannel::Delivered(const std::string& key) const {
  Outcome outcome = Answered(Outcome::Verdict::kDelivered, Reason::kDelivered);
  outcome.provider_id = "id-" + key.substr(4, 4);
  if (is_ticket) {
    outcome.ticket =
        TicketReference{name_, "4711", "[test #4711]", "ticket-4711@test"};
  }
  return outcome;
}

void FakeChannel::Deliver(const Message& message, Done done) {
  deliveries.push_back(message);
  std::string answer = "delivered";
  if (!next_.empty()) {
    answer = next_.front();
    next_.pop_front();
  }
  if (refused.contains(message.customer)) answer = "stop";
  if (answer == "lost_before") return;
  if (answer == "delivered" || answer == "lost_after" ||
      answer == "unknown_after") {
    Arrive(message.key);
  }
  if (answer == "lost_after") return;
  using enum Outcome::Verdict;
  if (answer == "delivered") return done(Delivered(message.key));
  if (answer == "retry") return done(Answered(kRetry, Reason::kUnreachable));
  if (answer == "throttled") {
    Outcome outcome = Answered(kRetry, Reason::kThrottled);
    outcome.retry_after = retry_after;
    return done(outcome);
  }
  if (answer == "server_error") {
    return done(Answered(kRetry, Reason::kServerError));
  }
  if (answer == "rejected") return done(Answered(kRejected, Reason::kRefused));
  if (answer == "bad_address") {
    return done(Answered(kRejected, Reason::kBadAddress));
  }
  if (answer == "stop") return done(Answered(kStop, Reason::kMisconfigured));
  if (answer.rfind("unknown", 0) == 0) {
    return done(Answered(kUnknown, Reason::kUnknownOutcome));
  }
  throw std::logic_error("no such answer: " + answer);
}

void FakeChannel::Find(const Message& message, Done done) {
  finds.push_back(message.key);
  if (find_fails) {
    return done(Answered(Outcome::Verdict::kUnknown, Reason::kUnreachable));
  }
  if (Arrived(message.key) == 0) {
    return done(Answered(Outcome::Verdict::kRetry, Reason::kNone));
  }
  Outcome outcome = Delivered(message.key);
  outcome.reason = Reason::kAlreadyThere;
  done(outcome);
}

void FakeChannel::Check(std::function<void(CheckResult)> done) {
  ++checks;
  if (check_problem.empty()) {
    done({});
  } else {
    done({check_reason, check_problem});
  }
}

Result<Rendered> FakeTemplates::Render(const std::string& name,
                                       const std::string& channel,
                                       const RenderInput& input) const {
  if (name == "broken") return Error{"template broken: no such variable"};
  Rendered rendered;
  rendered.locale = input.locale;
  rendered.subject =
      input.ticket ? "about " + input.ticket->subject_tag : "about";
  rendered.text =
      channel + " " + name + " for " + std::string(input.profile->Text("name"));
  for (const DoneStep& step : input.done) {
    rendered.text += "; " + TemplateWords().Tell(
                                step, step.time ? FormatUtc(*step.time) : "");
  }
  return rendered;
}

OutreachWorld::OutreachWorld() {
  desk = std::make_shared<FakeChannel>("desk", OnDoubt::kAsk);
  desk->is_ticket = true;
  email = std::make_shared<FakeChannel>("email", OnDoubt::kHold);
  sms = std::make_shared<FakeChannel>("sms", OnDoubt::kRepeat);
  settings = std::make_shared<OutreachSettings>();
  settings->restraint.timezone_missing = "Etc/UTC";
  settings->templates = std::make_shared<FakeTemplates>();
  settings->desks.emplace_back("rt", desk);
  settings->email = email;
  settings->sms = sms;
  Know("acme", {{"name", "\"Marta\""},
                {"email", "\"marta@example.com\""},
                {"phone", "\"+39 333 1234567\""}});
}

OutreachWorld::~OutreachWorld() { core.reset(); }

void OutreachWorld::LoadRules(const std::string& text) {
  auto loaded = premura::LoadRules(
      {{"test.yaml", "version: 1\nrules:\n" + text}}, LoadOptions());
  ASSERT_TRUE(loaded.rules) << RenderText(loaded.diagnostics);
  rules = loaded.rules;
}

void OutreachWorld::Start(const std::string& text) {
  LoadRules(text);
  ASSERT_TRUE(rules);
  Open();
}

void OutreachWorld::Share(const OutreachWorld& first, const std::string& name) {
  elsewhere_ = first.address();
  instance_ = name;
  detections_ = static_cast<int>(std::hash<std::string>()(name) % 1000) * 1000;
}

void OutreachWorld::Open() {
  auto opened = OpenDatabase(address(), /*read_only=*/false);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  std::unique_ptr<Database> base = std::move(opened).value();
  if (wrap) base = wrap(std::move(base));
  database = base.get();
  auto ledger = Ledger::Open(std::move(base), Ledger::Access::kWrite);
  if (!ledger.ok()) {
    ASSERT_TRUE(wrap) << ledger.error().message;
    return;
  }
  Remember(ledger.value().get());
  OutreachOptions options;
  options.instance = instance_;
  options.lease = lease;
  options.boottime = [this] { return now.time_since_epoch() + asleep; };
  auto result = OutreachCore::Open(
      options, std::move(ledger).value(), settings, &profiles, &observer,
      [this] { woken_ = true; }, now);
  if (!result.ok()) {
    ASSERT_TRUE(wrap) << result.error().message;
    return;
  }
  core = std::move(result).value();
  if (!core->RestoreProfiles(&profiles).ok()) {
    ASSERT_TRUE(wrap);
    core.reset();
    return;
  }
  Pump();
}

void OutreachWorld::Restart() {
  Kill();
  Open();
}

void OutreachWorld::Know(const std::string& customer,
                         const Profile::Values& values) {
  const SaidByEvents said = SaidOnce(values);
  known_[customer] = said;
  if (core != nullptr) Remember(core->ledger());
  profiles.Restore(customer, said);
}

void OutreachWorld::Remember(Ledger* ledger) {
  for (const auto& [customer, said] : known_) {
    EXPECT_TRUE(ledger->PutProfile(customer, said).ok());
  }
  known_.clear();
}

void OutreachWorld::Use() {
  settings = std::make_shared<OutreachSettings>(*settings);
  core->Use(settings, now);
  Pump();
}

Detection OutreachWorld::Detect(const std::string& rule,
                                const std::string& customer) {
  Detection detection;
  detection.id = fmt::format("d-{:030}", ++detections_);
  detection.rules = rules;
  detection.rule = rules->Find(rule);
  if (detection.rule == nullptr) throw std::logic_error("no rule " + rule);
  detection.customer = customer;
  detection.at = now;
  for (const auto ago : {std::chrono::minutes(3), std::chrono::minutes(0)}) {
    EvidenceEvent event;
    event.name = "page_viewed";
    event.at = now - ago;
    detection.evidence.push_back(std::move(event));
  }
  return detection;
}

std::string OutreachWorld::Fire(const std::string& rule,
                                const std::string& customer) {
  ShardOutput output;
  output.detections.push_back(Detect(rule, customer));
  std::string id = output.detections.front().id;
  Submit(std::move(output));
  return id;
}

void OutreachWorld::Submit(ShardOutput output) {
  core->Submit(std::move(output), [this] { ++durable; });
  Pump();
}

void OutreachWorld::Cancel(const std::string& rule,
                           const std::string& customer) {
  ShardOutput output;
  output.Add({rule, customer, now, "invoice_paid"});
  Submit(std::move(output));
}

// Until it has nothing more to do at this instant; what spins is a mistake.
void OutreachWorld::Pump() {
  if (core == nullptr) return;
  for (int round = 0; round < 1000; ++round) {
    woken_ = false;
    if (core->Pump(now) > now && !woken_) return;
  }
  ADD_FAILURE() << "it does not come to rest";
}

void OutreachWorld::Pass(Duration duration) {
  now += duration;
  Pump();
}

void OutreachWorld::SetStopAll(bool on) {
  auto ledger = Ledger::Open(address(), Ledger::Access::kWrite);
  ASSERT_TRUE(ledger.ok()) << ledger.error().message;
  ASSERT_TRUE(ledger.value()->SetStopAll({on, "anna", now}).ok());
}

std::unique_ptr<Ledger> OutreachWorld::Reader() {
  auto ledger = Ledger::Open(address(), Ledger::Access::kRead);
  EXPECT_TRUE(ledger.ok()) << ledger.error().message;
  return ledger.ok() ? std::move(ledger).value() : nullptr;
}

Delivery OutreachWorld::Get(const std::string& detection,
                            const std::string& channel) {
  const auto ledger = Reader();
  if (ledger == nullptr) return {};
  auto all = Outbox(ledger->database()).OfDetection(detection);
  EXPECT_TRUE(all.ok());
  for (Delivery& one : all.value()) {
    if (one.channel == channel) return std::move(one);
  }
  return {};
}

std::string OutreachWorld::State(const std::string& detection,
                                 const std::string& channel) {
  const Delivery one = Get(detection, channel);
  if (one.key.empty()) return "none";
  std::string words(ToString(one.state));
  if (one.reason != Reason::kNone) {
    words += " ";
    words += ToString(one.reason);
  }
  return words;
}

std::string OutreachWorld::Decision(const std::string& detection,
                                    const std::string& channel) {
  std::string words = "none";
  const auto status = Reader()->database()->Run(
      "select kind, reason from decisions where detection = ? and channel = ?",
      {detection, channel}, [&](const SqlRow& row) {
        words = row.Text(0);
        if (row.Text(1) != "none") words += " " + std::string(row.Text(1));
        return false;
      });
  EXPECT_TRUE(status.ok());
  return words;
}

std::int64_t OutreachWorld::Count(const std::string& table) {
  std::int64_t count = -1;
  const auto status = Reader()->database()->Run("select count(*) from " + table,
                                                {}, [&](const SqlRow& row) {
                                                  count = row.Int(0);
                                                  return false;
                                                });
  EXPECT_TRUE(status.ok());
  return count;
}

}  // namespace premura
