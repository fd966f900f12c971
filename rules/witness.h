// SPDX-License-Identifier: Apache-2.0
// Witness: an event (with its customer's profile) made up so that conditions
// hold, for probes of rules, and to notice what no event can meet.
//
// Pure functions; what is found is tried with the conditions themselves.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/condition.h"
#include "rules/symbols.h"
#include "rules/value.h"

namespace premura {

// A Value that owns what it shows. Immutable, cheap to copy.
class Made {
 public:
  Made();  // Absent.
  static Made Text(std::string text);
  static Made Number(double number);
  static Made Boolean(bool flag);
  static Made List(std::vector<Made> elements);
  // A text, number or boolean as `value` shows it; absent for the rest.
  static Made Copy(const Value& value);

  const Value& value() const;
  std::string Json() const;
  // Equal for the same value (AppendIdentity()).
  bool Same(const Made& other) const;

 private:
  struct Body;
  std::shared_ptr<const Body> body_;
};

// What is known of an event. `path` of a field is for people only.
class MadeFacts final : public Facts {
 public:
  void Set(const FieldRef& field, Made made);
  // nullptr if nothing was said of it.
  const Made* Find(const FieldRef& field) const;
  Value Get(const FieldRef& field) const override;
  const std::vector<std::pair<FieldRef, Made>>& all() const { return all_; }

 private:
  std::vector<std::pair<FieldRef, Made>> all_;
};

bool SameField(const FieldRef& a, const FieldRef& b);

struct WitnessRequest {
  struct Demand {
    Condition condition;
    bool holds = true;
  };
  std::vector<Demand> demands{};
  // Stays as it is (Made() says: not there). All that a demand says of earlier
  // steps is looked up here.
  MadeFacts known{};
  // The profile has nothing but what is known of it.
  bool profile_known = false;
  // These are there, whatever they are; no list,
  std::vector<FieldRef> wanted{};
  // and have none of these values.
  std::vector<std::pair<FieldRef, std::vector<Made>>> avoid{};
};

// What is known and what was made up, so that all demands are met. nullopt: it
// was not to be had. That is no proof: regular expressions that are out of the
// ordinary, conditions on `time`, more than Node::kMostWays ways.
std::optional<MadeFacts> FindWitness(const WitnessRequest& request);

}  // namespace premura
