// SPDX-License-Identifier: Apache-2.0
#include "signals/event_survey.h"

#include <algorithm>
#include <set>
#include <utility>

#include "signals/arena.h"
#include "signals/json_reader.h"
#include "signals/property_finder.h"
#include "signals/source.h"

namespace premura {
namespace {

constexpr std::size_t kRecordsToRecognise = 20;
constexpr std::size_t kLongestValue = 80;

class Surveyor final : public DecodeSink {
 public:
  Surveyor(const Symbols* symbols, Survey* survey)
      : symbols_(symbols), survey_(survey) {}

  // Of the record that is decoded next.
  void AtLine(std::int64_t line) { line_ = line; }

  void OnEvent(const Event& event) override {
    CountTime(event);
    survey_->customers.Add(event.customer);
    CountId(event);
    NameSurvey* const name = NameOf(event);
    if (name == nullptr) return;
    ++name->count;
    name->customers.Add(event.customer);
    for (const EventField& field : event.fields) {
      FieldSurvey* const taken = Take(symbols_->properties.Text(field.property),
                                      field.value, &name->fields);
      if (taken != nullptr && field.value.text() == event.customer) {
        ++taken->own;
      }
    }
  }

  void OnProfile(ProfileChange change, Timestamp) override {
    ++survey_->profile_changes;
    for (const ProfileChange::Entry& entry : change.entries) {
      arena_.Reset();
      Take(entry.path, ParseJsonValue(entry.json, &arena_), &survey_->profile);
    }
  }

  void OnRefused(Refusal reason, std::string_view detail) override {
    Survey::Refused& refused = survey_->refused[reason];
    if (++refused.count > 1) return;
    refused.line = line_;
    refused.detail = detail;
  }

 private:
  void CountTime(const Event& event) {
    Survey& s = *survey_;
    if (s.events++ == 0) s.first = s.last = event.time;
    if (event.time < s.last) {
      ++s.unordered;
      s.most_behind = std::max(s.most_behind, s.last - event.time);
    }
    s.first = std::min(s.first, event.time);
    s.last = std::max(s.last, event.time);
  }

  void CountId(const Event& event) {
    if (event.id.empty()) {
      ++survey_->without_id;
      return;
    }
    key_.assign(event.customer).append(1, '\0').append(event.id);
    survey_->ids.Add(key_);
  }

  NameSurvey* NameOf(const Event& event) {
    auto found = survey_->names.find(std::string(event.name));
    if (found == survey_->names.end()) {
      if (survey_->names.size() == Survey::kMostNames) {
        survey_->names_complete = false;
        return nullptr;
      }
      found = survey_->names.try_emplace(std::string(event.name)).first;
      found->second.first = found->second.last = event.time;
    }
    NameSurvey& name = found->second;
    name.first = std::min(name.first, event.time);
    name.last = std::max(name.last, event.time);
    return &name;
  }

  // Nullptr: there is no room for the field.
  FieldSurvey* Take(const std::string& path, const Value& value,
                    FieldSurveys* fields) {
    auto found = fields->find(path);
    if (found == fields->end()) {
      if (fields_ == Survey::kMostFields) {
        survey_->fields_complete = false;
        return nullptr;
      }
      ++fields_;
      found = fields->try_emplace(path).first;
      found->second.nature = NatureOfName(path);
    }
    FieldSurvey& field = found->second;
    ++field.kinds[static_cast<std::size_t>(value.kind())];
    ++(value.present() ? field.present : field.nulls);
    if (value.present()) TakeValue(value, &field);
    return &field;
  }

  void TakeValue(const Value& value, FieldSurvey* field) {
    if (value.kind() == Value::Kind::kList) {
      for (const Value& element : value.elements()) TakeValue(element, field);
      return;
    }
    if (value.is_number()) {
      const double number = value.number();
      field->least = std::min(field->least.value_or(number), number);
      field->most = std::max(field->most.value_or(number), number);
    }
    field->different.Add(value.text());
    KeepText(value, field);
  }

  // One value that looks worse than the field's name makes the field so, and
  // what is kept of it is taken away.
  void KeepText(const Value& value, FieldSurvey* field) {
    const FieldNature nature = value.is_number() && value.text().size() < 13
                                   ? FieldNature::kOrdinary
                                   : NatureOfValue(value.text());
    if (nature > field->nature) {
      field->nature = nature;
      values_ -= field->values.size();
      field->values.clear();
    }
    const bool shown = field->nature == FieldNature::kOrdinary;
    if (!shown) field->values_complete = false;
    if (field->nature == FieldNature::kSecret) return;
    const std::string_view text = value.text();
    std::string kept =
        shown ? std::string(text.substr(0, kLongestValue + 1)) : Shape(text);
    if (kept.size() > kLongestValue) {
      field->values_complete = false;
      return;
    }
    const auto found = field->values.find(kept);
    if (found != field->values.end()) {
      ++found->second;
    } else if (field->values.size() == FieldSurvey::kMostKept ||
               values_ == Survey::kMostValues) {
      field->values_complete = false;
    } else {
      ++values_;
      field->values.emplace(std::move(kept), 1);
    }
  }

  const Symbols* const symbols_;
  Survey* const survey_;
  Arena arena_;
  std::string key_;
  std::int64_t line_ = 0;
  std::size_t fields_ = 0;
  std::size_t values_ = 0;
};

std::string_view ParentOf(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == path.npos ? std::string_view() : path.substr(0, dot);
}

// Of a name that was taken for ordinary only the form is kept.
void HideName(FieldSurvey* field) {
  if (field->nature != FieldNature::kOrdinary) return;
  field->nature = FieldNature::kPersonal;
  field->values_complete = false;
  std::map<std::string, std::uint64_t> forms;
  for (const auto& [value, count] : field->values) forms[Shape(value)] += count;
  field->values = std::move(forms);
}

// A `name` may be a page's; beside an email or a first name it is a person's.
void HideNames(FieldSurveys* fields) {
  std::set<std::string_view> people;
  for (const auto& [path, _] : *fields) {
    if (IsOfAPerson(path)) people.insert(ParentOf(path));
  }
  for (auto& [path, field] : *fields) {
    if (IsAnyName(path) && people.contains(ParentOf(path))) HideName(&field);
  }
}

// What a profile calls a name is a person's.
void HideNames(Survey* survey) {
  for (auto& [name, events] : survey->names) HideNames(&events.fields);
  for (auto& [path, field] : survey->profile) {
    if (IsAnyName(path)) HideName(&field);
  }
}

// Decodes line after line, with all properties that have been seen so far. To
// take new ones over costs as much as there are, so lines wait for each other.
class Reading {
 public:
  Reading(std::unique_ptr<EventDecoder> decoder,
          std::unique_ptr<PropertyFinder> finder, Survey* survey)
      : decoder_(std::move(decoder)),
        finder_(std::move(finder)),
        survey_(survey),
        surveyor_(&symbols_, survey) {
    decoder_->Use(&symbols_);
  }

  void Take(std::string_view line, std::size_t max_bytes) {
    ++line_;
    if (line.find_first_not_of(" \t\r") == line.npos) return;
    ++survey_->records;
    if (line.size() <= max_bytes && finder_->Find(line, &symbols_.properties)) {
      new_properties_ = true;
    }
    waiting_.push_back({line_, std::string(line)});
    bytes_ += line.size();
    if (waiting_.size() >= kMostWaiting || bytes_ >= kMostBytes) Flush();
  }

  // To be called behind the last line.
  void Flush() {
    if (new_properties_) decoder_->Use(&symbols_);
    new_properties_ = false;
    for (const auto& [number, line] : waiting_) {
      surveyor_.AtLine(number);
      Record record;
      record.value = line;
      record.position = number;
      decoder_->Decode(record, &surveyor_);
    }
    waiting_.clear();
    bytes_ = 0;
  }

  bool full() const { return finder_->full(); }

 private:
  static constexpr std::size_t kMostWaiting = 1000;
  static constexpr std::size_t kMostBytes = std::size_t{1} << 20;

  const std::unique_ptr<EventDecoder> decoder_;
  const std::unique_ptr<PropertyFinder> finder_;
  Survey* const survey_;
  Symbols symbols_;
  Surveyor surveyor_;
  std::int64_t line_ = 0;
  std::vector<std::pair<std::int64_t, std::string>> waiting_;
  std::size_t bytes_ = 0;
  bool new_properties_ = false;
};

// The first lines, for the preset; they are taken too.
Result<std::vector<std::string>> ReadHead(LineReader* lines) {
  std::vector<std::string> head;
  std::string_view line;
  while (head.size() < kRecordsToRecognise) {
    const Result<bool> more = lines->Next(&line);
    if (!more.ok()) return more.error();
    if (!more.value()) break;
    head.emplace_back(line);
  }
  return head;
}

Status TakeAll(const SurveyOptions& options, LineReader* lines,
               Survey* survey) {
  const auto head = ReadHead(lines);
  if (!head.ok()) return head.error();
  DecoderOptions decoding = options.decoder;
  decoding.preset =
      options.preset ? *options.preset : RecognisePreset(head.value());
  survey->preset = decoding.preset;
  auto decoder = NewEventDecoder(decoding);
  if (!decoder.ok()) return decoder.error();
  auto finder = NewPropertyFinder(decoding);
  if (!finder.ok()) return finder.error();
  Reading reading(std::move(decoder).value(), std::move(finder).value(),
                  survey);
  for (const std::string& line : head.value()) {
    reading.Take(line, decoding.max_bytes);
  }
  std::string_view line;
  while (true) {
    const Result<bool> more = lines->Next(&line);
    if (!more.ok()) return more.error();
    if (!more.value()) break;
    reading.Take(line, decoding.max_bytes);
  }
  reading.Flush();
  survey->fields_complete = survey->fields_complete && !reading.full();
  return {};
}

}  // namespace

Result<Survey> SurveyEvents(const SurveyOptions& options) {
  auto lines = OpenLines(options.events, options.decoder.max_bytes);
  if (!lines.ok()) return lines.error();
  Survey survey;
  const Status taken = TakeAll(options, lines.value().get(), &survey);
  if (!taken.ok()) return taken.error().WithContext(options.events);
  HideNames(&survey);
  return survey;
}

}  // namespace premura
