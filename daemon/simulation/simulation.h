// SPDX-License-Identifier: Apache-2.0
// Simulation: engine, gates and a ledger in memory, on the clock of the events:
// what would have been found, decided and sent, had premura run then. The
// decisions are made by what makes them live; each channel there is delivers at
// once.
//
// Thread: one at a time. Reads no clock.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "notifiers/ledger.h"
#include "notifiers/outreach.h"
#include "rules/result.h"
#include "rules/rule_set.h"
#include "signals/detection.h"
#include "signals/engine.h"
#include "signals/event.h"
#include "signals/profile.h"
#include "signals/self_preservation.h"

namespace premura {

// What became of one action of one detection. One that is held appears again
// when it is sent, held for something else, or given up.
struct SimulatedContact {
  enum class What : std::uint8_t { kSent, kHeld, kNotSent };
  What what = What::kSent;
  Timestamp at{};
  std::string rule;
  std::string customer;
  std::string detection;  // Its id.
  int action = 0;         // Its place among the rule's.
  std::string channel;    // "email"
  Reason reason = Reason::kNone;
  std::string detail;
  std::optional<Timestamp> until;  // Of kHeld, where it is known.
};
const char* ToString(SimulatedContact::What what);  // "not_sent"

// What would have been a detection, but for the rule's `only_for`.
struct LeftOut {
  std::string rule;
  std::string customer;
  Timestamp at{};
};

struct SimulatedGates {
  RestraintPolicy restraint;
  // Desks, and whether there is email and SMS: what is missing holds. No word
  // of desks: those that the rules name, and one for those that name none.
  std::optional<std::vector<std::string>> desks;
  bool email = true;
  bool sms = true;
  bool simulation_is_live = false;  // As OutreachSettings has it.
};

struct SimulationOptions {
  std::shared_ptr<const RuleSet> rules;
  ProfileStore* profiles = nullptr;
  // Whose profiles are looked at; everybody's, unless others simulate the rest.
  OwnsCustomer owns = [](std::string_view) { return true; };
  SelfPreservation self_preservation;  // Off, unless it says otherwise.
  // nullopt: detections only, nothing is decided.
  std::optional<SimulatedGates> gates;
  // How far the wall clock is ahead of the watermark.
  Duration lateness{};
  std::function<void(const Detection&)> on_detection;
  std::function<void(const SimulatedContact&)> on_contact;
  std::function<void(const LeftOut&)> on_left_out;  // May be empty.
};

class Simulation {
 public:
  virtual ~Simulation() = default;

  // The event is about to be taken, here or by another simulation whose
  // customer it concerns: what is due by its clock happens, but for what is
  // decided at its very instant: that is at the next call of another kind.
  virtual Status Pass(const Event& event) = 0;
  // As Engine::Take(); what is due before happens before.
  virtual Status Take(const Event& event) = 0;
  virtual Status Take(const ProfileChange& change) = 0;
  virtual Status Advance(Timestamp clock) = 0;
  // The wall clock that goes with the events; without gates there is none.
  virtual Timestamp now() const = 0;

  // For whoever asks why: how far the rules are, and what has been decided
  // (nullptr if nothing is).
  virtual const Engine& engine() const = 0;
  virtual Ledger* ledger() = 0;
};

// options.profiles must outlive it.
Result<std::unique_ptr<Simulation>> NewSimulation(SimulationOptions options);

}  // namespace premura
