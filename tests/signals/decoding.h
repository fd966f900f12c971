// SPDX-License-Identifier: Apache-2.0
// What a decoder said of a record, as plain text to compare with.

#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "signals/event_decoder.h"

namespace premura {

// Remembers everything; one line per event, profile and refusal.
class RememberingSink final : public DecodeSink {
 public:
  explicit RememberingSink(const Symbols* symbols) : symbols_(symbols) {}

  void OnEvent(const Event& event) override {
    std::string line = fmt::format("{} {} at {}", event.customer, event.name,
                                   FormatInstant(event.time));
    if (!event.id.empty()) line += fmt::format(" id {}", event.id);
    for (const EventField& field : event.fields) {
      line += " " + symbols_->properties.Text(field.property) + "=";
      AppendJson(field.value, &line);
    }
    lines.push_back(line);
    name_ids.push_back(event.name_id);
  }

  void OnProfile(ProfileChange change, Timestamp time) override {
    std::string line = fmt::format("profile of {} at {}", change.customer,
                                   FormatInstant(time));
    for (const auto& entry : change.entries) {
      line += " " + entry.path + "=" + entry.json;
    }
    lines.push_back(line);
  }

  void OnRefused(Refusal reason, std::string_view detail) override {
    lines.push_back(fmt::format("{}: {}", ToString(reason), detail));
    refusals.push_back(reason);
  }

  std::vector<std::string> lines;
  std::vector<Refusal> refusals;
  std::vector<SymbolId> name_ids;

 private:
  const Symbols* symbols_;
};

// A decoder that wants these properties.
class Decoding {
 public:
  explicit Decoding(DecoderOptions options,
                    const std::vector<std::string>& properties = {}) {
    for (const std::string& path : properties) symbols.properties.Intern(path);
    auto made = NewEventDecoder(std::move(options));
    EXPECT_TRUE(made.ok());
    decoder = std::move(made).value();
    decoder->Use(&symbols);
  }

  std::vector<std::string> Of(const Record& record) {
    RememberingSink sink(&symbols);
    decoder->Decode(record, &sink);
    return sink.lines;
  }
  std::vector<std::string> Of(std::string_view json) {
    return Of(Record{.value = json});
  }
  // The one line, or all of them.
  std::string One(const Record& record) {
    std::string all;
    for (const std::string& line : Of(record)) {
      all += (all.empty() ? "" : " | ") + line;
    }
    return all;
  }
  std::string One(std::string_view json) { return One(Record{.value = json}); }

  Symbols symbols;
  std::unique_ptr<EventDecoder> decoder;
};

}  // namespace premura
