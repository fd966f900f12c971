// SPDX-License-Identifier: Apache-2.0
// EventSurvey: what there is in a stream of events: names, fields, values,
// customers, rates. For people who begin to write rules, and for rules that are
// compared with what is really sent.
//
// Memory is bounded, and what is beyond it is said: so many names, fields and
// values; customers and different values are counted exactly up to a number,
// beyond it estimated (distinct_counter.h). Values that look personal or secret
// are not kept.
//
// Thread: one at a time.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/result.h"
#include "rules/time.h"
#include "rules/value.h"
#include "signals/distinct_counter.h"
#include "signals/event_decoder.h"
#include "signals/field_nature.h"

namespace premura {

struct FieldSurvey {
  static constexpr std::size_t kMostCounted = 256;  // Different ones, exactly.
  static constexpr std::size_t kMostKept = 100;     // Values, with their text.

  std::uint64_t present = 0;
  std::uint64_t nulls = 0;
  // By Value::Kind.
  std::array<std::uint64_t, 8> kinds{};
  std::optional<double> least, most;  // Of JSON numbers.
  DistinctCounter different{kMostCounted};
  // The first values that came, lists by their elements, with how often each
  // did; for ids their shapes.
  std::map<std::string, std::uint64_t> values;
  bool values_complete = true;  // `values` holds them all, as they are.
  FieldNature nature = FieldNature::kOrdinary;
  std::uint64_t own = 0;  // How often it was the event's own customer.
};
using FieldSurveys = std::map<std::string, FieldSurvey>;  // By path.

struct NameSurvey {
  static constexpr std::size_t kMostCustomers = 4096;

  std::uint64_t count = 0;
  Timestamp first{}, last{};
  DistinctCounter customers{kMostCustomers};
  FieldSurveys fields;
};

struct Survey {
  static constexpr std::size_t kMostNames = 1000;
  static constexpr std::size_t kMostFields = 5000;     // Of all names.
  static constexpr std::size_t kMostValues = 100'000;  // Of all fields.
  static constexpr std::size_t kMostCustomers = 200'000;
  static constexpr std::size_t kMostIds = 500'000;

  struct Refused {
    std::uint64_t count = 0;
    std::int64_t line = 0;  // Of the first.
    std::string detail;
  };

  Preset preset = Preset::kPlain;
  std::uint64_t records = 0;
  std::uint64_t events = 0;
  std::uint64_t profile_changes = 0;
  std::uint64_t without_id = 0;
  std::uint64_t unordered = 0;  // Older than an event before them,
  Duration most_behind{};       // by so much at most.
  Timestamp first{}, last{};    // If there are events.
  std::map<std::string, NameSurvey> names;
  FieldSurveys profile;  // What identify and group events said.
  DistinctCounter customers{kMostCustomers};
  DistinctCounter ids{kMostIds};  // Of a customer: the same again is doubled.
  std::map<Refusal, Refused> refused;
  bool names_complete = true;   // Else some events' names found no room.
  bool fields_complete = true;  // The same of fields.
};

struct SurveyOptions {
  std::string events;            // JSON Lines, .gz, .zst, "-"
  std::optional<Preset> preset;  // nullopt: recognised from the first records.
  DecoderOptions decoder;        // Its preset is overwritten by the above.
};

Result<Survey> SurveyEvents(const SurveyOptions& options);

}  // namespace premura
