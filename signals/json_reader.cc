// SPDX-License-Identifier: Apache-2.0

#include "signals/json_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

#include "signals/arena.h"
#include "signals/found_paths.h"
#include "signals/huge_numbers.h"
#include "signals/said.h"
#include "signals/spelling.h"

namespace premura {

namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kFirstCapacity = std::size_t{64} << 10;

JsonReader::Problem ProblemOf(simdjson::error_code error) {
  const char* words = simdjson::error_message(error);
  switch (error) {
    case simdjson::UTF8_ERROR:
      return {Refusal::kInvalidUtf8, "the record is not UTF-8"};
    case simdjson::DEPTH_ERROR:
      return {Refusal::kTooDeep, "objects and lists are nested too deeply"};
    case simdjson::CAPACITY:
    case simdjson::MEMALLOC:
      return {Refusal::kTooLarge, words};
    case simdjson::EMPTY:
      return {Refusal::kBrokenJson, "the record is empty"};
    default:
      return {Refusal::kBrokenJson, words};
  }
}

const char* Words(dom::element_type type) {
  switch (type) {
    case dom::element_type::ARRAY:
      return "a list";
    case dom::element_type::OBJECT:
      return "an object";
    case dom::element_type::STRING:
      return "a text";
    case dom::element_type::BOOL:
      return "true or false";
    case dom::element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

// REQUIRES: the element is one.
dom::object ObjectIn(dom::element element) {
  dom::object object;
  if (element.get(object) != simdjson::SUCCESS) std::abort();
  return object;
}
dom::array ListIn(dom::element element) {
  dom::array list;
  if (element.get(list) != simdjson::SUCCESS) std::abort();
  return list;
}

// The member of that name that counts, if there is one.
std::optional<dom::element> Member(dom::element parent, std::string_view name) {
  std::optional<dom::element> found;
  dom::object object;
  if (parent.get(object) != simdjson::SUCCESS) return found;
  for (const dom::key_value_pair member : object) {
    if (member.key == name) found = member.value;
  }
  return found;
}

// Makes Values of elements; `marked`: huge numbers are marked texts.
class ValueMaker {
 public:
  ValueMaker(Arena* arena, bool marked) : arena_(arena), marked_(marked) {}

  Value Make(dom::element element) const {
    switch (element.type()) {
      case dom::element_type::NULL_VALUE:
        return Value::Null();
      case dom::element_type::BOOL:
        return Value::Boolean(element.get_bool().value_unsafe());
      case dom::element_type::INT64:
        return SpelledInteger(element.get_int64().value_unsafe(), arena_);
      case dom::element_type::UINT64:
        return SpelledNatural(element.get_uint64().value_unsafe(), arena_);
      case dom::element_type::DOUBLE:
        return SpelledReal(element.get_double().value_unsafe(), arena_);
      case dom::element_type::STRING:
        return MakeText(element.get_string().value_unsafe());
      case dom::element_type::ARRAY:
        return MakeList(ListIn(element));
      case dom::element_type::OBJECT:
        break;
    }
    std::string json;
    AppendJsonOf(element, &json);
    return Value::Object(arena_->Copy(json));
  }

  void AppendJsonOf(dom::element element, std::string* json) const {
    dom::object object;
    dom::array list;
    if (element.get(object) == simdjson::SUCCESS) {
      char before = '{';
      for (const dom::key_value_pair member : object) {
        json->push_back(std::exchange(before, ','));
        AppendJsonText(member.key, json);
        json->push_back(':');
        AppendJsonOf(member.value, json);
      }
      json->append(before == '{' ? "{}" : "}");
    } else if (element.get(list) == simdjson::SUCCESS) {
      char before = '[';
      for (const dom::element item : list) {
        json->push_back(std::exchange(before, ','));
        AppendJsonOf(item, json);
      }
      json->append(before == '[' ? "[]" : "]");
    } else {
      AppendJson(Make(element), json);
    }
  }

 private:
  Value MakeText(std::string_view text) const {
    if (marked_ && text.starts_with(kHugeNumber) &&
        IsHugeNumber(text.substr(1))) {
      constexpr double kMax = std::numeric_limits<double>::max();
      const std::string spelling(text.substr(1));
      const double number = std::strtod(spelling.c_str(), nullptr);
      return Value::Real(std::clamp(number, -kMax, kMax), text.substr(1));
    }
    return Value::Text(text);
  }

  Value MakeList(dom::array list) const {
    std::size_t size = 0;  // list.size() saturates.
    for ([[maybe_unused]] const dom::element item : list) ++size;
    if (size == 0) return Value::List({});
    auto* values = static_cast<Value*>(arena_->Allocate(size * sizeof(Value)));
    std::size_t at = 0;
    for (const dom::element item : list) new (values + at++) Value(Make(item));
    return Value::List({values, size});
  }

  Arena* arena_;
  bool marked_;
};

// Calls `visit` with the path of each member that is no object; `path` is as
// before afterwards.
void VisitPaths(dom::element element, std::string* path,
                const std::function<void(const std::string&)>& visit) {
  if (!element.is_object()) return;
  const std::size_t size = path->size();
  for (const dom::key_value_pair member : ObjectIn(element)) {
    path->append(member.key);
    if (member.value.is_object()) {
      path->push_back('.');
      VisitPaths(member.value, path, visit);
    } else {
      visit(*path);
    }
    path->resize(size);
  }
}

std::string_view WithoutByteOrderMark(std::string_view json) {
  if (json.starts_with("\xEF\xBB\xBF")) json.remove_prefix(3);
  return json;
}

}  // namespace

struct JsonReader::Impl {
  char* PlaceFor(std::size_t size);
  simdjson::error_code ParseCopy(std::string_view json);
  void WalkObject(const dom::object& object, PathTrie::Node node);
  void AppendMembers(dom::element element, const std::string& prefix,
                     std::vector<ProfileChange::Entry>* entries);
  // What the last walk found there; nullptr if nothing.
  const dom::element* Element(std::uint32_t slot) const {
    return paths.Holds(slot) ? &elements[slot] : nullptr;
  }

  dom::parser parser;
  std::vector<char> copy;
  bool marked = false;
  dom::element document;
  dom::element event;

  Arena arena;
  FoundPaths paths;
  std::vector<dom::element> elements;  // By slot.
};

JsonReader::JsonReader(int max_depth) : impl_(std::make_unique<Impl>()) {
  no_memory_ = impl_->parser.allocate(kFirstCapacity,
                                      static_cast<std::size_t>(max_depth)) !=
               simdjson::SUCCESS;
}

JsonReader::~JsonReader() = default;

// simdjson writes texts one after the other as it reads them. Where that is as
// far into a page of memory as what it reads next, processors take the one for
// the other and wait, which makes it half as fast: so, half a page apart.
char* JsonReader::Impl::PlaceFor(std::size_t size) {
  constexpr std::size_t kPage = 4096;
  const std::size_t needed = size + kPage;
  if (copy.size() < needed) copy.resize(std::max(needed, kFirstCapacity));
  const auto texts =
      reinterpret_cast<std::uintptr_t>(parser.doc.string_buf.get());
  const auto begin = reinterpret_cast<std::uintptr_t>(copy.data());
  return copy.data() + (texts + kPage / 2 - begin) % kPage;
}

simdjson::error_code JsonReader::Impl::ParseCopy(std::string_view json) {
  char* const place = PlaceFor(json.size() + simdjson::SIMDJSON_PADDING);
  std::memcpy(place, json.data(), json.size());
  std::memset(place + json.size(), 0, simdjson::SIMDJSON_PADDING);
  return parser.parse(place, json.size(), false).get(document);
}

std::optional<JsonReader::Problem> JsonReader::Parse(std::string_view json) {
  json = WithoutByteOrderMark(json);
  impl_->marked = false;
  if (no_memory_) return ProblemOf(simdjson::MEMALLOC);
  if (json.empty()) return ProblemOf(simdjson::EMPTY);
  simdjson::error_code error = impl_->ParseCopy(json);
  if (error == simdjson::NUMBER_ERROR) {
    impl_->marked = true;
    error = impl_->ParseCopy(MarkHugeNumbers(json));
  }
  if (error != simdjson::SUCCESS) return ProblemOf(error);
  impl_->event = impl_->document;
  return std::nullopt;
}

void JsonReader::ForEachEvent(
    std::span<const std::string> explode,
    const std::function<void()>& on_object,
    const std::function<void(std::string_view)>& on_other) {
  const auto take = [&](dom::element event) {
    if (!event.is_object()) return on_other(Words(event.type()));
    impl_->event = event;
    on_object();
  };
  const auto unfold = [&](dom::element record) {
    if (explode.empty()) return take(record);
    std::optional<dom::element> at = record;
    for (const std::string& name : explode) {
      at = Member(*at, name);
      if (!at) return on_other("a record without the list of events");
    }
    if (!at->is_array()) return on_other(Words(at->type()));
    for (const dom::element event : ListIn(*at)) take(event);
  };
  if (!impl_->document.is_array()) return unfold(impl_->document);
  for (const dom::element record : ListIn(impl_->document)) {
    unfold(record);
  }
}

void JsonReader::Walk(const PathTrie& trie) {
  Impl& impl = *impl_;
  impl.paths.Begin(trie);
  if (impl.elements.size() < trie.slots()) impl.elements.resize(trie.slots());
  impl.arena.Reset();
  impl.WalkObject(ObjectIn(impl.event), PathTrie::kRoot);
}

void JsonReader::Impl::WalkObject(const dom::object& object,
                                  PathTrie::Node node) {
  FoundPaths::Order& order = paths.OrderOf(node);
  const auto end = object.end();
  std::size_t at = 0;
  for (auto member = object.begin(); member != end; ++member) {
    const PathTrie::Node child = order.Child(paths.trie(), at++, member.key());
    if (child == PathTrie::kNone) continue;
    const dom::element value = member.value();
    const std::uint32_t slot = paths.Come(child);
    if (slot != PathTrie::kNoSlot) elements[slot] = value;
    if (paths.trie().has_children(child) && value.is_object()) {
      WalkObject(ObjectIn(value), child);
    }
  }
}

Value JsonReader::Get(std::uint32_t slot) {
  const dom::element* const found = impl_->Element(slot);
  if (found == nullptr) return {};
  return ValueMaker(&impl_->arena, impl_->marked).Make(*found);
}

std::span<const std::uint32_t> JsonReader::found() const {
  return impl_->paths.found();
}

// Longer paths are kept nowhere: of those no more is made than shows it, or a
// long name before many others would take more memory than there is.
void JsonReader::Impl::AppendMembers(
    dom::element element, const std::string& prefix,
    std::vector<ProfileChange::Entry>* entries) {
  const ValueMaker maker(&arena, marked);
  for (const dom::key_value_pair member : ObjectIn(element)) {
    std::string path = prefix;
    path += member.key.substr(0, kMaxProfilePathBytes + 1);
    path.resize(std::min(path.size(), kMaxProfilePathBytes + 1));
    if (member.value.is_object()) {
      AppendMembers(member.value, path + ".", entries);
      continue;
    }
    std::string json;
    maker.AppendJsonOf(member.value, &json);
    entries->push_back({path, std::move(json)});
  }
}

void JsonReader::AppendMembers(std::uint32_t slot, const std::string& prefix,
                               std::vector<ProfileChange::Entry>* entries) {
  const dom::element* const found = impl_->Element(slot);
  if (found == nullptr || !found->is_object()) return;
  impl_->AppendMembers(*found, prefix, entries);
}

void JsonReader::EachPath(
    std::uint32_t slot, const std::string& prefix,
    const std::function<void(const std::string&)>& visit) const {
  std::string path = prefix;
  if (slot == PathTrie::kNoSlot) return VisitPaths(impl_->event, &path, visit);
  const dom::element* const found = impl_->Element(slot);
  if (found != nullptr) VisitPaths(*found, &path, visit);
}

bool JsonReader::is_object() const { return impl_->document.is_object(); }

bool JsonReader::AppendMembers(std::vector<ProfileChange::Entry>* entries) {
  if (!is_object()) return false;
  impl_->arena.Reset();
  impl_->AppendMembers(impl_->document, "", entries);
  return true;
}

Value ParseJsonValue(std::string_view json, Arena* arena) {
  thread_local dom::parser parser;
  const simdjson::padded_string copy(json);
  dom::element element;
  bool marked = false;
  simdjson::error_code error = parser.parse(copy).get(element);
  if (error == simdjson::NUMBER_ERROR) {
    marked = true;
    error = parser.parse(MarkHugeNumbers(json)).get(element);
  }
  if (error != simdjson::SUCCESS) return {};
  return arena->Copy(ValueMaker(arena, marked).Make(element));
}

bool IsUtf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace premura
