// SPDX-License-Identifier: Apache-2.0
// Decoding: whatever the bytes, each event is decoded or refused with a reason,
// and what was decoded keeps its values when it is copied and packed. The first
// byte chooses the format and what the mapping says.

#include <cstdint>
#include <string>
#include <string_view>

#include "signals/arena.h"
#include "signals/event_decoder.h"
#include "signals/json_reader.h"
#include "signals/profile.h"
#include "signals/seen_event.h"
#include "tests/fuzz/check.h"

namespace premura {
namespace {

std::string Json(const Value& value) {
  std::string json;
  AppendJson(value, &json);
  return json;
}

class CheckingSink final : public DecodeSink {
 public:
  explicit CheckingSink(const Symbols& symbols) : symbols_(symbols) {}

  void OnEvent(const Event& event) override {
    ++said;
    Check(!event.customer.empty(), "an event has a customer");
    Check(event.customer.size() <= kMaxCustomerBytes, "of bounded length");
    Check(!event.name.empty(), "and a name");
    for (const EventField& field : event.fields) CheckValue(field.value);
    EventBatch batch;
    batch.Add(event);
    CheckSame(event, SeenRef::New(batch.event(0), 1));
  }
  void OnProfile(ProfileChange change, Timestamp) override {
    ++said;
    for (const ProfileChange::Entry& entry : change.entries) {
      Arena arena(256);
      Check(ParseJsonValue(entry.json, &arena).kind() != Value::Kind::kAbsent,
            "a profile's values are JSON");
    }
    profiles_.Merge(change);
    profiles_.Get(change.customer)->Texts();
  }
  void OnRefused(Refusal reason, std::string_view) override {
    ++said;
    Check(ToString(reason)[0] != '\0', "a refusal has a word");
  }

  int said = 0;

 private:
  static void CheckValue(const Value& value) {
    if (value.kind() == Value::Kind::kObject) return;
    Arena arena(256);
    const std::string json = Json(value);
    Check(Json(ParseJsonValue(json, &arena)) == json,
          "a value's JSON reads as the value");
  }

  void CheckSame(const Event& event, const SeenRef& seen) const {
    ValueArena arena;
    Check(seen->name(symbols_) == event.name, "a kept event has its name");
    Check(seen->id() == event.id, "its id");
    Check(seen->time() == event.time, "its time");
    const std::vector<EventField> fields = seen->Fields(&arena);
    Check(fields.size() == event.fields.size(), "its properties");
    for (std::size_t i = 0; i < fields.size(); ++i) {
      Check(Json(fields[i].value) == Json(event.fields[i].value),
            "and their values");
    }
  }

  const Symbols& symbols_;
  ProfileStore profiles_;
};

DecoderOptions OptionsOf(std::uint8_t choice) {
  DecoderOptions options;
  options.preset = static_cast<Preset>(choice & 3);
  options.customer_is_user = (choice & 4) != 0;
  options.max_depth = 16;
  options.max_bytes = 1 << 14;
  if ((choice & 8) != 0) options.mapping.explode = "data.items";
  if ((choice & 16) != 0) options.mapping.properties = {"$", "a.b"};
  if ((choice & 32) != 0) options.mapping.profile = {{"phone", {"a.phone"}}};
  return options;
}

void Decode(std::uint8_t choice, std::string_view json) {
  Symbols symbols;
  symbols.names.Intern("page_viewed");
  for (const char* path : {"a", "a.b", "page", "properties", "items", "amount"})
    symbols.properties.Intern(path);
  const auto decoder = NewEventDecoder(OptionsOf(choice));
  decoder.value()->Use(&symbols);
  CheckingSink sink(symbols);
  const Record record{.value = json};
  decoder.value()->Decode(record, &sink);
  const int first = sink.said;
  decoder.value()->Decode(record, &sink);
  Check(sink.said == 2 * first, "a record decodes the same twice");
}

}  // namespace
}  // namespace premura

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size == 0) return 0;
  premura::Decode(data[0], {reinterpret_cast<const char*>(data + 1), size - 1});
  return 0;
}
