// SPDX-License-Identifier: Apache-2.0
#include "notifiers/decider.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "notifiers/candidate.h"
#include "notifiers/digest.h"
#include "notifiers/evidence_summary.h"
#include "notifiers/quiet_hours.h"
#include "notifiers/simulated_contacts.h"
#include "signals/customer_zone.h"

namespace premura {
namespace {

std::string LaneOf(const Action& action, const OutreachSettings& settings) {
  const std::string channel = ToString(action.channel);
  if (action.channel != Action::Channel::kTicket) return channel;
  if (!action.desk.empty()) return "ticket:" + action.desk;
  if (settings.desks.empty()) return "ticket";
  return "ticket:" + settings.desks.front().first;
}

bool IsServed(const Action& action, const OutreachSettings& settings) {
  const std::string lane = LaneOf(action, settings);
  if (lane == "email") return settings.email != nullptr;
  if (lane == "sms") return settings.sms != nullptr;
  return std::any_of(
      settings.desks.begin(), settings.desks.end(),
      [&](const auto& desk) { return "ticket:" + desk.first == lane; });
}

// A mail of a case that gets a ticket too waits for its number.
void LetMailsWait(std::vector<Delivery>* deliveries) {
  for (Delivery& one : *deliveries) {
    if (one.channel != "email" || one.state != DeliveryState::kPending) {
      continue;
    }
    const Timestamp end = one.changed_at + kTicketPatience;
    if (!AwaitsTicket(*deliveries, end)) continue;
    one.state = DeliveryState::kHeld;
    one.reason = Reason::kWaitingForTicket;
    one.due_at = end;
  }
}

// Whether what follows the detection at `place` takes it back.
bool IsCancelled(const ShardOutput& output, std::size_t place) {
  const Detection& detection = output.detections[place];
  return std::any_of(output.cancellations.begin(), output.cancellations.end(),
                     [&](const Cancellation& cancellation) {
                       return cancellation.detections_before > place &&
                              cancellation.rule == detection.rule->id &&
                              cancellation.customer == detection.customer &&
                              cancellation.at >= detection.at &&
                              Concerns(cancellation, detection.group);
                     });
}

}  // namespace

// One detection on its way to decisions.
struct Decider::Case {
  const Detection* detection = nullptr;
  const Circumstances* circumstances = nullptr;
  CaseRecord record;
  std::shared_ptr<const Profile> profile;
  bool cancelled = false;
  std::optional<Timestamp> last_of_rule;
  std::vector<Contact> contacts;
  std::vector<DecisionRecord> decisions;
  std::vector<Delivery> deliveries;
  bool simulation = false;
  std::vector<SimulatedContactRecord> simulated;
  // Who gives up a place, and to which of `deliveries`.
  std::vector<std::pair<std::string, std::size_t>> displaced;
};

// Profiles first: a decision is taken by what is known. A cancellation takes
// back what came before it.
Status Decider::Take(const ShardOutput& output,
                     const Circumstances& circumstances, Told* told) {
  if (auto status = TakeProfiles(output, circumstances.now); !status.ok()) {
    return status;
  }
  if (auto status = open_.LookAt(output.cancellations); !status.ok()) {
    return status;
  }
  auto next = output.cancellations.begin();
  const auto cancel_before = [&](std::size_t place) -> Status {
    for (;
         next != output.cancellations.end() && next->detections_before <= place;
         ++next) {
      auto status = Cancel(*next, circumstances.now, told);
      if (!status.ok()) return status;
    }
    return {};
  };
  for (std::size_t i = 0; i < output.detections.size(); ++i) {
    auto status = cancel_before(i);
    if (status.ok()) {
      status = TakeDetection(output, i, circumstances, told);
    }
    if (!status.ok()) return status;
  }
  return cancel_before(output.detections.size());
}

Status Decider::TakeProfiles(const ShardOutput& output, Timestamp now) {
  if (auto status = profiles_->Write(output.profiles); !status.ok()) {
    return status;
  }
  std::unordered_set<std::string> told;
  for (const ProfileChange& change : output.profiles) {
    const bool names_zone =
        std::any_of(change.entries.begin(), change.entries.end(),
                    [](const auto& entry) { return TellsZone(entry.path); });
    if (!names_zone || !told.insert(change.customer).second) continue;
    auto status =
        outbox_->Release(Reason::kTimezoneMissing, change.customer, now);
    if (!status.ok()) return status;
  }
  return {};
}

Status Decider::TakeDetection(const ShardOutput& output, std::size_t place,
                              const Circumstances& circumstances, Told* told) {
  const Detection& detection = output.detections[place];
  const auto known = ledger_->HasDetection(detection.id);
  if (!known.ok()) return known.error();
  if (known.value()) return {};
  Case c;
  c.detection = &detection;
  c.circumstances = &circumstances;
  c.record = MakeCaseRecord(detection);
  auto profile = profiles_->Get(detection.customer);
  if (!profile.ok()) return profile.error();
  c.profile = std::move(profile).value();
  c.cancelled = IsCancelled(output, place);
  c.simulation = detection.rule->status == RuleStatus::kSimulation &&
                 !circumstances.settings->simulation_is_live;
  if (auto status = Gather(&c); !status.ok()) return status;
  int index = 0;
  for (const Action& action : detection.rule->actions) {
    const Verdict verdict = DecideAction(action, &c);
    c.decisions.push_back({detection.id, index, ToString(action.channel),
                           action.template_name, detection.rule->hash, verdict,
                           circumstances.now});
    if (verdict.kind != Verdict::Kind::kSuppress) {
      c.deliveries.push_back(MakeDelivery(action, index, verdict, c));
      const Delivery& made = c.deliveries.back();
      for (const std::string& key : verdict.outranked) {
        c.displaced.emplace_back(key, c.deliveries.size() - 1);
        std::erase_if(c.contacts, [&](const Contact& contact) {
          return contact.delivery == key;
        });
      }
      c.contacts.push_back(
          {made.key, made.rule, made.channel, {}, true, made.priority});
    }
    if (verdict.would_go) {
      const Rule& rule = *detection.rule;
      const std::string channel = ToString(action.channel);
      c.simulated.push_back({detection.id, index, rule.id, detection.customer,
                             channel, rule.priority, detection.at,
                             *verdict.would_go});
      c.contacts.push_back({"", rule.id, channel, {}, true, rule.priority});
    }
    ++index;
  }
  LetMailsWait(&c.deliveries);
  return Write(&c, told);
}

// What the gates need of the ledger; nothing is asked that no gate looks at.
Status Decider::Gather(Case* c) {
  const Rule& rule = *c->detection->rule;
  if (rule.actions.empty()) return {};
  if (rule.cooldown) {
    auto last = outbox_->LastContact(rule.id, c->detection->customer);
    if (!last.ok()) return last.error();
    c->last_of_rule = last.value();
  }
  // A rule in simulation sees what it and its like would have sent, too.
  if (c->simulation) {
    const auto last = SimulatedContacts(ledger_->database())
                          .LastOfRule(rule.id, c->detection->customer);
    if (!last.ok()) return last.error();
    c->last_of_rule = std::max(c->last_of_rule, last.value());
  }
  for (const ContactScope scope :
       {ContactScope::kOutside, ContactScope::kTickets}) {
    const bool asked = std::any_of(
        rule.actions.begin(), rule.actions.end(), [scope](const Action& one) {
          return ScopeOf(ToString(one.channel)) == scope;
        });
    if (!asked) continue;
    if (auto status = GatherContacts(scope, c); !status.ok()) return status;
  }
  return {};
}

Status Decider::GatherContacts(ContactScope scope, Case* c) {
  const Duration window =
      LongestWindow(c->circumstances->settings->restraint,
                    c->detection->rule->frequency_cap, scope);
  if (window <= Duration::zero()) return {};
  const Timestamp since = c->circumstances->now - window;
  const std::string& customer = c->detection->customer;
  const auto add = [c](const std::vector<Contact>& contacts) {
    c->contacts.insert(c->contacts.end(), contacts.begin(), contacts.end());
  };
  const auto contacts = outbox_->Contacts(customer, scope, since);
  if (!contacts.ok()) return contacts.error();
  add(contacts.value());
  if (!c->simulation) return {};
  const auto simulated = SimulatedContacts(ledger_->database())
                             .Of(customer, scope, since, c->circumstances->now);
  if (!simulated.ok()) return simulated.error();
  add(simulated.value());
  return {};
}

Verdict Decider::DecideAction(const Action& action, Case* c) {
  Candidate candidate = CandidateOf(*c->detection, action, *c->profile);
  candidate.simulation = c->simulation;
  candidate.stop_all = c->circumstances->stop_all;
  candidate.channel_missing = !IsServed(action, *c->circumstances->settings);
  candidate.cancelled = c->cancelled;
  candidate.last_of_rule = c->last_of_rule;
  candidate.contacts = c->contacts;
  return Decide(candidate, c->circumstances->settings->restraint,
                c->circumstances->now, /*at_send_time=*/false);
}

Delivery Decider::MakeDelivery(const Action& action, int index,
                               const Verdict& verdict, const Case& c) const {
  const Rule& rule = *c.detection->rule;
  const OutreachSettings& settings = *c.circumstances->settings;
  const Timestamp now = c.circumstances->now;
  Delivery delivery;
  delivery.channel = ToString(action.channel);
  delivery.key =
      DeliveryKey(installation_, c.detection->id, delivery.channel, index);
  delivery.detection = c.detection->id;
  delivery.action = index;
  delivery.rule = rule.id;
  delivery.customer = c.detection->customer;
  delivery.lane = LaneOf(action, settings);
  delivery.template_name = action.template_name;
  delivery.category = action.category;
  delivery.queue = action.queue;
  delivery.ticket_priority = action.priority;
  delivery.priority = rule.priority;
  delivery.critical = rule.level == Level::kCritical;
  delivery.caps = rule.frequency_cap;
  delivery.quiet_hours = rule.quiet_hours;
  delivery.detected_at = c.detection->at;
  delivery.created_at = delivery.changed_at = now;
  if (rule.expires_after) {
    delivery.expires_at = c.detection->at + *rule.expires_after;
  }
  delivery.detail = verdict.detail;
  if (verdict.kind == Verdict::Kind::kHold) {
    delivery.state = DeliveryState::kHeld;
    delivery.reason = verdict.reason;
    delivery.due_at = verdict.until;
    return delivery;
  }
  delivery.due_at = now;
  return delivery;
}

Status Decider::Write(Case* c, Told* told) {
  const Timestamp now = c->circumstances->now;
  auto status = ledger_->AddDetection(c->record, !c->deliveries.empty(), now);
  if (!status.ok()) return status;
  const std::string why = c->decisions.empty() ? "" : Summarise(c->record);
  for (DecisionRecord& decision : c->decisions) {
    status = ledger_->AddDecision(decision);
    if (!status.ok()) return status;
    told->Add({c->detection->customer, c->detection->rule->id, c->detection->id,
               decision.channel, decision.template_name, decision.action,
               std::move(decision.verdict), c->detection->at, why});
  }
  for (const Delivery& delivery : c->deliveries) {
    status = outbox_->Add(delivery);
    if (!status.ok()) return status;
  }
  SimulatedContacts simulated(ledger_->database());
  for (const SimulatedContactRecord& contact : c->simulated) {
    status = simulated.Add(contact);
    if (!status.ok()) return status;
  }
  for (const auto& [key, winner] : c->displaced) {
    status = Displace(c->deliveries[winner], key, now, told);
    if (!status.ok()) return status;
  }
  // Whatever its rule says today: the next may name what takes it back.
  if (!c->deliveries.empty()) {
    open_.Add(c->detection->rule->id, c->detection->customer);
  }
  return {};
}

// A person may say something of it meanwhile (ruling.h): that it is dropped
// stands.
Status Decider::Displace(const Delivery& winner, const std::string& key,
                         Timestamp now, Told* told) {
  auto found = outbox_->Find(key);
  if (!found.ok()) return found.error();
  if (!found.value() || !IsWaiting(found.value()->state)) return {};
  Delivery loser = *std::move(found).value();
  loser.state = DeliveryState::kSuppressed;
  loser.reason = Reason::kOutrankedBy;
  loser.detail = winner.rule;
  loser.changed_at = now;
  loser.due_at.reset();
  told->Add(loser, now);
  return outbox_->SaveWaiting(loser);
}

Status Decider::Cancel(const Cancellation& cancellation, Timestamp now,
                       Told* told) {
  if (!open_.MayBeOpen(cancellation.rule, cancellation.customer)) return {};
  auto open = outbox_->Open(cancellation.rule, cancellation.customer);
  if (!open.ok()) return open.error();
  if (open.value().empty()) {
    open_.Drop(cancellation.rule, cancellation.customer);
  }
  for (Delivery& delivery : open.value()) {
    if (delivery.detected_at > cancellation.at) continue;
    const auto concerned = IsOfGroup(delivery, cancellation);
    if (!concerned.ok()) return concerned.error();
    if (!concerned.value()) continue;
    auto status = TakeBack(std::move(delivery), cancellation.event, now, told);
    if (!status.ok()) return status;
  }
  return {};
}

// A call that runs or is in doubt cannot be taken back, but it is the last.
Status Decider::TakeBack(Delivery delivery, const std::string& event,
                         Timestamp now, Told* told) {
  if (!IsWaiting(delivery.state)) {
    return outbox_->CancelCall(delivery.key, event);
  }
  delivery.state = DeliveryState::kSuppressed;
  delivery.reason = Reason::kCancelled;
  delivery.detail = event;
  delivery.changed_at = now;
  delivery.due_at.reset();
  told->Add(delivery, now);
  return outbox_->SaveWaiting(delivery);
}

// Most rules have no groups, and then the ledger is not asked.
Result<bool> Decider::IsOfGroup(const Delivery& delivery,
                                const Cancellation& cancellation) {
  if (cancellation.group.empty()) return true;
  auto record = ledger_->FindDetection(delivery.detection);
  if (!record.ok()) return record.error();
  return record.value() && Concerns(cancellation, record.value()->group);
}

}  // namespace premura
