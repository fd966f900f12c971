// SPDX-License-Identifier: Apache-2.0

#include "signals/event_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <utility>

#include "signals/decode_plan.h"
#include "signals/event_time.h"
#include "signals/json_reader.h"
#include "signals/record_parts.h"
#include "signals/segment_calls.h"
#include "signals/value_bound.h"

namespace premura {

namespace {

constexpr std::array<const char*, kRefusals> kRefusalWords = {
    "broken_json", "invalid_utf8",      "too_large",   "too_deep",
    "wrong_type",  "no_customer",       "no_name",     "no_time",
    "absurd_time", "control_character", "future_time", "long_customer"};

class EventDecoderImpl final : public EventDecoder {
 public:
  EventDecoderImpl(DecoderOptions options, Result<DecodePlan>* plan,
                   Result<DecodePlan>* binary_plan)
      : options_(std::move(options)),
        ordinary_(std::move(*plan).value()),
        binary_(std::move(*binary_plan).value()),
        reader_(options_.max_depth) {
    if (!options_.mapping.explode.empty()) {
      explode_ = SplitPath(options_.mapping.explode).value();
    }
    on_object_ = [this] {
      reader_.Walk(plan_->trie);
      TakeEvent();
    };
    on_other_ = [this](std::string_view what) {
      Refuse(Refusal::kWrongType, "an event should be an object, not {}", what);
    };
  }

  void Decode(const Record& record, DecodeSink* sink) override {
    record_ = &record;
    sink_ = sink;
    if (record.value.size() > options_.max_bytes) {
      Refuse(Refusal::kTooLarge, "more than {} bytes", options_.max_bytes);
    } else if (options_.preset == Preset::kCloudEvents &&
               IsBinaryCloudEvent(record.headers)) {
      DecodeBinary();
    } else {
      DecodeWhole();
    }
  }

  void Use(const Symbols* symbols) override {
    symbols_ = symbols;
    ordinary_ = MakeDecodePlan(options_, false, symbols).value();
    binary_ = MakeDecodePlan(options_, true, symbols).value();
    holders_.assign(symbols == nullptr ? 1 : symbols->properties.size() + 1,
                    {});
  }

 private:
  // Which entry of fields_ holds a property, and from how good a place.
  struct Holder {
    std::uint64_t event = 0;  // Of which event this is said.
    std::uint32_t field = 0;
    std::uint8_t rank = 0;
  };

  void DecodeWhole() {
    plan_ = &ordinary_;
    if (record_->value.data() == nullptr) {
      return Refuse(Refusal::kWrongType, "{}",
                    "a record without a value (a tombstone)");
    }
    if (!Parse(WithoutFraming(record_->value))) return;
    reader_.ForEachEvent(explode_, on_object_, on_other_);
  }

  // The record is one event, whatever its data are.
  void DecodeBinary() {
    plan_ = &binary_;
    const std::string_view data = WithoutFraming(record_->value);
    const bool json = !data.empty() && MayBeJson(record_->headers);
    if (!Parse(json ? data : "{}")) return;
    if (!explode_.empty()) {
      return reader_.ForEachEvent(explode_, on_object_, on_other_);
    }
    if (!reader_.is_object() && !Parse("{}")) return;
    reader_.ForEachEvent({}, on_object_, on_other_);
  }

  bool Parse(std::string_view json) {
    const auto problem = reader_.Parse(json);
    if (problem) Refuse(problem->reason, "{}", problem->detail);
    return !problem;
  }

  // --- One event -------------------------------------------------------------

  void TakeEvent() {
    ++event_number_;
    taken_count_ = 0;
    bound_.Clear();
    const Call call = TheCall();
    Event event;
    if (!ReadCustomer(call, &event) || !ReadTime(&event)) return;
    if (plan_->segment && call != Call::kEvent) {
      return TakeProfile(call, event);
    }
    if (!ReadName(&event) || !ReadId(&event)) return;
    if (!plan_->segment && !plan_->profile.empty() &&
        options_.profiles_from_events &&
        CallNamed(event.name) != Call::kEvent) {
      return TakeProfile(CallNamed(event.name), event);
    }
    if (symbols_ != nullptr) event.name_id = symbols_->names.Find(event.name);
    ReadFields();
    event.fields = fields_;
    sink_->OnEvent(event);
  }

  Call TheCall() {
    if (!plan_->segment || !options_.profiles_from_events) return Call::kEvent;
    const Value type = reader_.Get(plan_->segment->type);
    return type.kind() == Value::Kind::kText ? CallNamed(type.text())
                                             : Call::kEvent;
  }

  bool ReadCustomer(Call call, Event* event) {
    Value value;
    if (call == Call::kGroup && AccountOfGroupCall()) {
      value = reader_.Get(plan_->segment->group_id);
    }
    if (!Holds(value)) value = First(plan_->customer);
    if (!Holds(value)) {
      Refuse(Refusal::kNoCustomer, "{}", plan_->no_customer);
      return false;
    }
    if (!ReadText("customer", value, &event->customer)) return false;
    if (event->customer.size() > kMaxCustomerBytes) {
      Refuse(Refusal::kLongCustomer, "a customer of more than {} bytes",
             kMaxCustomerBytes);
      return false;
    }
    if (IsBlank(event->customer)) {
      Refuse(Refusal::kNoCustomer, "the customer is blank");
      return false;
    }
    return true;
  }

  static bool IsBlank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n\v\f") == text.npos;
  }

  // A group call says of the group what it says; its own id comes first.
  bool AccountOfGroupCall() const {
    return !options_.customer_is_user && options_.mapping.customer.empty() &&
           options_.mapping.account.empty();
  }

  bool ReadName(Event* event) {
    const Value value =
        plan_->segment && options_.mapping.name.empty()
            ? SegmentName(*plan_->segment, &reader_, &name_buffer_)
            : First(plan_->name);
    if (!Holds(value)) {
      Refuse(Refusal::kNoName, "{}", plan_->no_name);
      return false;
    }
    return ReadText("name", value, &event->name);
  }

  bool ReadId(Event* event) {
    if (options_.preset == Preset::kCloudEvents &&
        options_.mapping.id.empty()) {
      return ReadCloudEventId(event);
    }
    const Value value = First(plan_->id);
    return !Holds(value) || ReadText("id", value, &event->id);
  }

  // Only source and id together tell CloudEvents apart.
  bool ReadCloudEventId(Event* event) {
    const Value id = First(plan_->id);
    if (!Holds(id)) return true;
    const Value source = First(plan_->cloud_source);
    std::string_view id_text;
    std::string_view source_text;
    if (!ReadText("id", id, &id_text)) return false;
    if (Holds(source) && !ReadText("source", source, &source_text)) {
      return false;
    }
    id_buffer_.assign(source_text).append(" ").append(id_text);
    event->id = id_buffer_;
    return true;
  }

  bool ReadTime(Event* event) {
    const Value value =
        plan_->segment && options_.mapping.time.empty()
            ? SegmentTime(*plan_->segment, &reader_, &time_buffer_)
            : First(plan_->time);
    if (!Holds(value)) {
      Refuse(Refusal::kNoTime, "{}", plan_->no_time);
      return false;
    }
    if (value.kind() != Value::Kind::kText && !value.is_number()) {
      Refuse(Refusal::kWrongType, "the time is {}", Words(value));
      return false;
    }
    const std::optional<Timestamp> time = ReadEventTime(value);
    if (!time) {
      Refuse(Refusal::kAbsurdTime, "'{}' is not a time", value.text());
      return false;
    }
    if (*time < kFirstEventTime || *time > kLastEventTime) {
      Refuse(Refusal::kAbsurdTime, "{} ('{}') is not between 1990 and 2200",
             FormatInstant(*time), value.text());
      return false;
    }
    event->time = *time + record_->time_shift;
    return true;
  }

  // A text, or a number as it is spelled.
  bool ReadText(const char* what, const Value& value, std::string_view* text) {
    if (value.kind() != Value::Kind::kText && !value.is_number()) {
      Refuse(Refusal::kWrongType, "the {} is {}", what, Words(value));
      return false;
    }
    *text = bound_.Of(Value::Text(value.text())).text();
    if (text->find('\0') == text->npos) return true;
    Refuse(Refusal::kControlCharacter, "the {} has a NUL in it", what);
    return false;
  }

  // --- Fields and profiles ---------------------------------------------------

  void ReadFields() {
    fields_.clear();
    for (const std::uint32_t slot : reader_.found()) {
      const std::vector<DecodePlan::Use>& uses = plan_->uses[slot];
      if (uses.empty() || IsTaken(slot)) continue;
      const Value value = bound_.Of(reader_.Get(slot));
      if (value.kind() == Value::Kind::kAbsent) continue;
      for (const DecodePlan::Use& use : uses) AddField(use, value);
    }
  }

  void AddField(const DecodePlan::Use& use, const Value& value) {
    Holder& holder = holders_[use.property];
    if (holder.event == event_number_) {
      if (use.rank > holder.rank) return;
      fields_[holder.field].value = value;
      holder.rank = use.rank;
      return;
    }
    holder = {event_number_, static_cast<std::uint32_t>(fields_.size()),
              use.rank};
    EventField& field = fields_.emplace_back();
    field.property = use.property;
    field.value = value;
  }

  bool IsTaken(std::uint32_t slot) const {
    return plan_->own[slot] && std::find(taken_, taken_ + taken_count_, slot) !=
                                   taken_ + taken_count_;
  }

  void TakeProfile(Call call, const Event& event) {
    ProfileChange change;
    change.customer = event.customer;
    if (plan_->segment) {
      const bool other = call == Call::kGroup && options_.customer_is_user;
      change.entries =
          SegmentProfile(*plan_->segment, other ? "account." : "", &reader_);
      if (other)
        AddEntry("account", reader_.Get(plan_->segment->group_id), &change);
    }
    for (const auto& [path, sources] : plan_->profile) {
      AddEntry(path, First(sources), &change);
    }
    sink_->OnProfile(std::move(change), event.time);
  }

  static void AddEntry(const std::string& path, const Value& value,
                       ProfileChange* change) {
    if (value.kind() == Value::Kind::kAbsent) return;
    std::string json;
    AppendJson(value, &json);
    change->entries.push_back({path, std::move(json)});
  }

  // --- Parts -----------------------------------------------------------------

  static bool Holds(const Value& value) {
    return value.present() &&
           (value.kind() != Value::Kind::kText || !value.text().empty());
  }

  // The first that holds something; else a null, if there was one.
  Value First(const PathSources& sources) {
    Value found;
    for (const PathSource& source : sources) {
      const Value value = Read(source);
      if (Holds(value)) {
        if (source.from == PathSource::From::kJson && taken_count_ < kTaken) {
          taken_[taken_count_++] = source.slot;
        }
        return value;
      }
      if (value.kind() == Value::Kind::kNull) found = value;
    }
    return found;
  }

  Value Read(const PathSource& source) {
    switch (source.from) {
      case PathSource::From::kJson:
        return reader_.Get(source.slot);
      case PathSource::From::kHeader:
        return TextPart(FindHeader(record_->headers, source.header));
      case PathSource::From::kKey:
        return TextPart(record_->key);
      case PathSource::From::kBrokerTime:
        break;
    }
    if (!record_->broker_time) return {};
    broker_time_ = FormatInstant(*record_->broker_time);
    return Value::Text(broker_time_);
  }

  // Headers and keys are bytes; those that are no text hold nothing.
  static Value TextPart(std::string_view bytes) {
    return !bytes.empty() && IsUtf8(bytes) ? Value::Text(bytes) : Value();
  }

  template <typename... Args>
  void Refuse(Refusal reason, fmt::format_string<Args...> format,
              Args&&... args) {
    detail_.clear();
    fmt::format_to(std::back_inserter(detail_), format,
                   std::forward<Args>(args)...);
    MakePresentable(&detail_);
    sink_->OnRefused(reason, detail_);
  }

  static constexpr std::size_t kTaken = 16;

  const DecoderOptions options_;
  std::vector<std::string> explode_;
  DecodePlan ordinary_;
  DecodePlan binary_;
  const Symbols* symbols_ = nullptr;
  std::function<void()> on_object_;
  std::function<void(std::string_view)> on_other_;

  // Of the record at hand.
  const Record* record_ = nullptr;
  DecodeSink* sink_ = nullptr;
  const DecodePlan* plan_ = nullptr;
  JsonReader reader_;
  ValueBound bound_;

  // Of the event at hand; kept for their memory.
  std::uint64_t event_number_ = 0;
  std::vector<EventField> fields_;
  std::vector<Holder> holders_;  // By property.
  std::uint32_t taken_[kTaken] = {};
  std::size_t taken_count_ = 0;
  std::string name_buffer_, id_buffer_, time_buffer_, broker_time_, detail_;
};

}  // namespace

const char* ToString(Refusal refusal) {
  return kRefusalWords[static_cast<std::size_t>(refusal)];
}

Result<std::unique_ptr<EventDecoder>> NewEventDecoder(DecoderOptions options) {
  Result<DecodePlan> plan = MakeDecodePlan(options, false, nullptr);
  if (!plan.ok()) return plan.error();
  Result<DecodePlan> binary_plan = MakeDecodePlan(options, true, nullptr);
  if (!binary_plan.ok()) return binary_plan.error();
  if (!options.mapping.explode.empty()) {
    const auto explode = SplitPath(options.mapping.explode);
    if (!explode.ok()) return explode.error().WithContext("explode");
  }
  return std::unique_ptr<EventDecoder>(std::make_unique<EventDecoderImpl>(
      std::move(options), &plan, &binary_plan));
}

}  // namespace premura
