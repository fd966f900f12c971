// SPDX-License-Identifier: Apache-2.0

#include "signals/record_writer.h"

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstring>
#include <utility>
#include <vector>

#include "signals/record_format.h"
#include "signals/varint.h"

namespace premura {

namespace {

// Which numbers the symbols of a table have in the record, from 1.
class Numbers {
 public:
  explicit Numbers(const SymbolTable& table)
      : table_(table), of_(table.size() + 1, 0) {}

  // 0 if it is none of the table: decoded for rules that are on their way.
  std::uint32_t Of(SymbolId symbol, std::uint32_t* count, std::string* texts) {
    if (symbol == 0 || symbol >= of_.size()) return 0;
    if (of_[symbol] == 0) {
      of_[symbol] = ++*count;
      used_.push_back(symbol);
      AppendText(table_.Text(symbol), texts);
    }
    return of_[symbol];
  }
  void Clear() {
    for (const SymbolId symbol : used_) of_[symbol] = 0;
    used_.clear();
  }

 private:
  const SymbolTable& table_;
  std::vector<std::uint32_t> of_;
  std::vector<SymbolId> used_;
};

std::uint64_t Apart(Timestamp time, Timestamp before) {
  return Zigzag((time - before).count());
}

}  // namespace

class RecordWriter::Impl {
 public:
  explicit Impl(const Symbols& its)
      : symbols(its), names(its.names), properties(its.properties) {}

  void AddEvent(const SeenEvent& event);
  void Clear();

  const Symbols& symbols;
  Numbers names;
  Numbers properties;
  std::uint32_t text_count = 0;
  std::string texts;

  boost::unordered_flat_map<const SeenEvent*, std::uint32_t> numbers;
  std::string events;
  PackedEvent event;   // The last one.
  std::string fields;  // Its.

  std::string body;
  Timestamp time{};         // The last one,
  Timestamp time_before{};  // and the last one before the part.
  std::size_t part = 0;     // Where it begins.
  std::string record;
};

void RecordWriter::Impl::AddEvent(const SeenEvent& seen) {
  AppendVarint(Apart(seen.time(), event.time), &events);
  AppendVarint(Zigzag(std::int64_t{seen.arrival()} - event.arrival), &events);
  seen.TakeApart(&event);
  const std::uint32_t name = names.Of(event.name_id, &text_count, &texts);
  AppendVarint(name, &events);
  if (name == 0) AppendText(event.name, &events);
  AppendText(event.id, &events);
  fields.clear();
  std::size_t count = 0;
  for (const PackedField& field : event.fields) {
    const auto property = properties.Of(field.property, &text_count, &texts);
    if (property == 0) continue;
    ++count;
    AppendVarint(property, &fields);
    fields.append(field.value);
  }
  AppendVarint(count, &events);
  events.append(fields);
}

void RecordWriter::Impl::Clear() {
  names.Clear();
  properties.Clear();
  text_count = 0;
  texts.clear();
  numbers.clear();
  events.clear();
  event.time = {};
  event.arrival = 0;
  body.clear();
  time = {};
}

RecordWriter::RecordWriter(const Symbols& symbols)
    : impl_(std::make_unique<Impl>(symbols)) {}

RecordWriter::~RecordWriter() = default;

void RecordWriter::Number(std::uint64_t number) {
  AppendVarint(number, &impl_->body);
}

void RecordWriter::Fixed(std::uint64_t number) {
  char raw[sizeof number];
  std::memcpy(raw, &number, sizeof number);
  impl_->body.append(raw, sizeof number);
}

void RecordWriter::Real(double number) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &number, sizeof bits);
  Fixed(bits);
}

// What is farther than anybody counts is never.
void RecordWriter::Time(Timestamp time) {
  if (time.time_since_epoch() > kFarthest) return Number(kNeverCode);
  if (time.time_since_epoch() < -kFarthest) return Number(kUnseenCode);
  Number(Apart(time, impl_->time) + kTimeCodes);
  impl_->time = time;
}

void RecordWriter::Text(std::string_view text) {
  AppendText(text, &impl_->body);
}

void RecordWriter::Packed(std::string_view value) { impl_->body.append(value); }

void RecordWriter::Event(const SeenRef& event) {
  if (!event) return Number(0);
  const auto number = static_cast<std::uint32_t>(impl_->numbers.size() + 1);
  const auto [known, added] = impl_->numbers.try_emplace(&*event, number);
  if (added) impl_->AddEvent(*event);
  Number(known->second);
}

void RecordWriter::BeginPart() {
  impl_->part = impl_->body.size();
  impl_->time_before = impl_->time;
}

void RecordWriter::EndPart() {
  std::string size;
  AppendVarint(impl_->body.size() - impl_->part, &size);
  impl_->body.insert(impl_->part, size);
  impl_->time = impl_->time_before;
}

std::string_view RecordWriter::Finish() {
  std::string& record = impl_->record;
  record.assign(1, static_cast<char>(kRecordVersion));
  AppendVarint(impl_->text_count, &record);
  record.append(impl_->texts);
  AppendVarint(impl_->numbers.size(), &record);
  record.append(impl_->events);
  record.append(impl_->body);
  impl_->Clear();
  return record;
}

}  // namespace premura
