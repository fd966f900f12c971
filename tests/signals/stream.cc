// SPDX-License-Identifier: Apache-2.0

#include "tests/signals/stream.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <sstream>

#include "rules/value.h"

namespace premura {

namespace {

Value ParseValue(const std::string& text) {
  if (text == "null") return Value::Null();
  if (text == "true" || text == "false") return Value::Boolean(text == "true");
  const char* end = text.data() + text.size();
  std::int64_t integer = 0;
  auto read = std::from_chars(text.data(), end, integer);
  if (read.ec == std::errc() && read.ptr == end) {
    return Value::Integer(integer, text);
  }
  double real = 0;
  read = std::from_chars(text.data(), end, real);
  if (read.ec == std::errc() && read.ptr == end) {
    return Value::Real(real, text);
  }
  return Value::Text(text);
}

Duration ParseTime(const std::string& text) {
  const std::optional<Duration> time = ParseDuration(text);
  EXPECT_TRUE(time) << "not a time: " << text;
  return time.value_or(Duration{});
}

// The stream's event as the engine wants it; the parts live in `this`.
class Built {
 public:
  Built(const StreamEvent& from, const Symbols& symbols) {
    for (const auto& [path, text] : from.fields) {
      const SymbolId property = symbols.properties.Find(path);
      if (property != 0) fields_.push_back({property, ParseValue(text)});
    }
    event.name = from.name;
    event.name_id = symbols.names.Find(from.name);
    event.id = from.id;
    event.customer = from.customer;
    event.time = kStart + from.time;
    event.clock = kStart + from.clock;
    event.fields = fields_;
  }

  Event event;

 private:
  std::vector<EventField> fields_;
};

bool IsProfile(const StreamEvent& event) { return event.name == "profile"; }

ProfileChange ChangeOf(const StreamEvent& event) {
  ProfileChange change;
  change.customer = event.customer;
  change.time = kStart + event.time;
  for (const auto& [path, text] : event.fields) {
    std::string json;
    AppendJson(ParseValue(text), &json);
    change.entries.push_back({path, json});
  }
  return change;
}

std::string Since(Timestamp time) { return FormatDuration(time - kStart); }

}  // namespace

const std::string* StreamEvent::Field(std::string_view path) const {
  for (const auto& [field, value] : fields) {
    if (field == path) return &value;
  }
  return nullptr;
}

Stream ParseStream(const std::string& text) {
  Stream stream;
  Duration clock{};
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    StreamEvent event;
    std::string time;
    if (!(words >> event.customer)) continue;
    if (event.customer != "clock") words >> event.name;
    words >> time;
    event.time = ParseTime(time);
    clock = std::max(clock, event.time);
    event.clock = clock;
    for (std::string word; words >> word;) {
      if (word.starts_with('#')) {
        event.id = word.substr(1);
        continue;
      }
      const std::size_t equals = word.find('=');
      event.fields.emplace_back(word.substr(0, equals),
                                word.substr(equals + 1));
    }
    stream.push_back(event);
  }
  return stream;
}

std::shared_ptr<const RuleSet> Rules(const std::string& yaml,
                                     const RuleSet* previous) {
  LoadOptions options;
  options.previous = previous;
  LoadedRules loaded = LoadRules({{"rules.yaml", yaml}}, options);
  EXPECT_TRUE(loaded.rules) << RenderText(loaded.diagnostics) << yaml;
  return loaded.rules;
}

std::shared_ptr<const RuleSet> RuleList(const std::string& yaml,
                                        const RuleSet* previous) {
  return Rules("version: 1\nrules:\n" + yaml, previous);
}

// --- Records ----------------------------------------------------------------

void Records::OnCustomer(std::string_view customer, std::string_view record) {
  const std::string name(customer);
  told.push_back(record.empty() ? name + " gone" : name);
  EXPECT_EQ(std::count(told.begin(), told.end(), told.back()), 1) << name;
  if (record.empty()) {
    EXPECT_EQ(customers.erase(name), 1U) << name;
  } else {
    customers[name] = record;
  }
}

// --- Rig --------------------------------------------------------------------

class Rig::Sink final : public DetectionSink {
 public:
  void OnDetection(Detection detection) override {
    told.push_back(Short(detection));
    json.push_back(ToJson(detection));
    detections.push_back(std::move(detection));
  }
  void OnCancellation(Cancellation cancellation) override {
    told.push_back(fmt::format("cancel {} {} @{}", cancellation.rule,
                               cancellation.customer, Since(cancellation.at)));
    for (const auto& [path, value] : cancellation.group) {
      told.back() += fmt::format(" {}={}", path, value);
    }
  }

  std::vector<std::string> told;
  std::vector<std::string> json;
  std::vector<Detection> detections;
};

Rig::Rig(std::shared_ptr<const RuleSet> rules)
    : rules_(std::move(rules)),
      sink_(std::make_unique<Sink>()),
      engine_(NewEngine(rules_, &profiles_, sink_.get())) {}

Rig::~Rig() = default;

void Rig::Take(const StreamEvent& event) {
  if (event.name.empty()) {
    engine_->Advance(kStart + event.clock);
  } else if (IsProfile(event)) {
    engine_->Advance(kStart + event.clock);
    engine_->Take(ChangeOf(event));
  } else {
    engine_->Take(Built(event, rules_->symbols()).event);
  }
}

void Rig::Play(const Stream& stream) {
  for (const StreamEvent& event : stream) Take(event);
}

void Rig::PlayBatch(const Stream& stream) {
  EventBatch batch;
  for (const StreamEvent& event : stream) {
    if (event.name.empty()) {
      batch.AddClock(kStart + event.clock);
    } else if (IsProfile(event)) {
      batch.AddClock(kStart + event.clock);
      batch.Add(ChangeOf(event));
    } else {
      batch.Add(Built(event, rules_->symbols()).event);
    }
  }
  engine_->Take(batch);
}

void Rig::Use(std::shared_ptr<const RuleSet> rules) {
  rules_ = std::move(rules);
  engine_->Use(rules_);
}

void Rig::SetProfile(const std::string& customer, const std::string& path,
                     const std::string& json) {
  ProfileChange change;
  change.customer = customer;
  change.entries.push_back({path, json});
  engine_->Take(change);
}

void Rig::Save() {
  records_.told.clear();
  records_.own = engine_->Save(&records_);
}

void Rig::Restart(std::shared_ptr<const RuleSet> rules,
                  const std::function<void(Engine*)>& prepare) {
  rules_ = std::move(rules);
  engine_ = NewEngine(rules_, &profiles_, sink_.get());
  if (prepare) prepare(engine_.get());
  const auto took_up = [](const Status& status) {
    EXPECT_TRUE(status.ok()) << status.error().message;
  };
  for (const auto& [name, record] : records_.customers) {
    took_up(engine_->Load(name, record));
  }
  took_up(engine_->LoadOwn(records_.own));
}

std::string Rig::Standings() {
  std::string text;
  for (const auto& [name, record] : records_.customers) {
    text += Describe(engine_->Explain(name));
  }
  return text;
}

std::vector<std::string> Rig::Told() { return std::exchange(sink_->told, {}); }
std::vector<std::string> Rig::Json() { return std::exchange(sink_->json, {}); }
std::vector<Detection> Rig::Detections() {
  return std::exchange(sink_->detections, {});
}

CustomerStanding ExplainWith(std::shared_ptr<const RuleSet> rules,
                             const Stream& stream,
                             const std::string& customer) {
  Rig rig(rules);
  rig.Play(stream);
  std::deque<Built> built;
  std::vector<const Event*> recent;
  for (const StreamEvent& event : stream) {
    if (event.customer != customer) continue;
    recent.push_back(&built.emplace_back(event, rules->symbols()).event);
  }
  return rig.engine().Explain(customer, recent);
}

std::string Short(const Detection& detection) {
  std::string text =
      fmt::format("{} {}", detection.rule->id, detection.customer);
  for (const auto& [path, value] : detection.group) {
    text += fmt::format("{{{}={}}}", path, value);
  }
  text += fmt::format(" @{}:", Since(detection.at));
  for (const EvidenceEvent& event : detection.evidence) {
    text += " " + (event.id.empty() ? Since(event.at) : event.id);
  }
  return text;
}

// --- Random streams ---------------------------------------------------------

Stream RandomStream(const StreamShape& shape, Dice* dice) {
  Stream stream;
  Duration newest{1000};
  Duration clock{};
  for (std::size_t i = 0; i < shape.events; ++i) {
    StreamEvent event;
    if (!dice->Chance(0.35)) newest += Duration(dice->Roll(shape.longest_step));
    if (dice->Chance(shape.clock_moves)) {
      newest += Duration(dice->Roll(4 * shape.longest_step));
    } else {
      event.customer = dice->Pick(shape.customers);
    }
    const bool tells =
        !event.customer.empty() && shape.dates > 0 && dice->Chance(shape.dates);
    if (tells) {
      event.name = "profile";
      event.fields.emplace_back(
          "end",
          FormatInstant(kStart + newest + Duration(dice->Roll(60) - 15)));
    } else if (!event.customer.empty()) {
      event.name = dice->Pick(shape.names);
      event.id = fmt::format("e{}", i);
      const int value = 1 + dice->Roll(shape.values + 1);
      if (value <= shape.values) {
        event.fields.emplace_back("v", std::to_string(value));
      }
      if (!shape.groups.empty() && !dice->Chance(0.1)) {
        event.fields.emplace_back("g", dice->Pick(shape.groups));
      }
    }
    event.time = newest;
    if (!tells && dice->Chance(shape.late))
      event.time -= Duration(dice->Roll(shape.latest));
    clock = std::max(clock, newest - shape.lateness);
    event.clock = clock;
    stream.push_back(event);
  }
  return stream;
}

std::string Describe(const Stream& stream) {
  std::string text;
  for (const StreamEvent& event : stream) {
    if (event.name.empty()) {
      text += fmt::format("  clock {}ms\n", event.clock.count());
      continue;
    }
    text += fmt::format("  {} {} {}ms", event.customer, event.name,
                        event.time.count());
    for (const auto& [path, value] : event.fields) {
      text += fmt::format(" {}={}", path, value);
    }
    text += fmt::format(" #{} (clock {}ms)\n", event.id, event.clock.count());
  }
  return text;
}

void ForSeeds(double seconds, const std::function<void(std::uint64_t)>& trial) {
  if (const char* fixed = std::getenv("PREMURA_SEED")) {
    trial(std::strtoull(fixed, nullptr, 10));
    return;
  }
  if (const char* longer = std::getenv("PREMURA_SECONDS")) {
    seconds = std::strtod(longer, nullptr);
  }
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  std::uint64_t seed = 1;
  constexpr std::uint64_t kLeast = 200;
  for (; seed <= kLeast || std::chrono::steady_clock::now() < end; ++seed) {
    trial(seed);
    if (testing::Test::HasFailure()) {
      ADD_FAILURE() << "replay with PREMURA_SEED=" << seed;
      return;
    }
  }
  testing::Test::RecordProperty("streams", static_cast<int>(seed - 1));
}

void ExpectMore(std::size_t count, std::size_t than) {
  if (std::getenv("PREMURA_SEED") != nullptr) return;
  EXPECT_GT(count, than);
}

}  // namespace premura
