// SPDX-License-Identifier: Apache-2.0
#include "daemon/rule_test/rule_test_notation.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <optional>

#include "rules/readable_duration.h"
#include "rules/value.h"
#include "signals/arena.h"
#include "signals/json_reader.h"

namespace premura {
namespace {

constexpr std::size_t kMostEvents = 100'000;

// Fields by path, nested where the path has dots.
class Fields {
 public:
  Status Add(const std::string& path, std::string json) {
    const std::size_t dot = path.find('.');
    const std::string name = path.substr(0, dot);
    if (name.empty()) return Error{"a field without a name"};
    Member& member = members_[name];
    if (dot != path.npos) {
      if (!member.json.empty()) return Twice(name);
      if (!member.nested) member.nested = std::make_unique<Fields>();
      return member.nested->Add(path.substr(dot + 1), std::move(json));
    }
    if (!member.json.empty() || member.nested) return Twice(name);
    member.json = std::move(json);
    return {};
  }

  // Appends `,"name":value` for each.
  void AppendTo(std::string* record) const {
    for (const auto& [name, member] : members_) {
      *record += ',';
      AppendJsonText(name, record);
      *record += ':';
      if (!member.nested) {
        *record += member.json;
        continue;
      }
      std::string inside;
      member.nested->AppendTo(&inside);
      *record += '{' + inside.substr(1) + '}';
    }
  }

 private:
  struct Member {
    std::string json;
    std::unique_ptr<Fields> nested;
  };
  static Error Twice(const std::string& name) {
    return Error{fmt::format("the field `{}` stands there twice", name)};
  }
  std::map<std::string, Member> members_;
};

// Nobody's window is longer.
constexpr Duration kLongest = std::chrono::hours(24 * 3650);

struct Times {
  Duration first{};
  Duration last{};
  Duration step{1};
};

// "5m", "0m..9m/3m".
std::optional<Times> ReadTimes(const std::string& word) {
  const std::size_t dots = word.find("..");
  if (dots == word.npos) {
    const auto at = ParseOffset(word);
    if (!at || *at > kLongest) return std::nullopt;
    return Times{*at, *at, Duration(1)};
  }
  const std::size_t slash = word.find('/', dots);
  if (slash == word.npos) return std::nullopt;
  const auto first = ParseOffset(word.substr(0, dots));
  const auto last = ParseOffset(word.substr(dots + 2, slash - dots - 2));
  const auto step = ParseOffset(word.substr(slash + 1));
  if (!first || !last || !step || *step <= Duration(0) || *step > kLongest ||
      *last > kLongest || *last < *first) {
    return std::nullopt;
  }
  return Times{*first, *last, *step};
}

bool IsJson(const std::string& text) {
  Arena arena;
  return ParseJsonValue(text, &arena).kind() != Value::Kind::kAbsent;
}

// Whether what stands at `at` can be nothing else.
bool BeginsJson(const std::string& word, std::size_t at) {
  return at < word.size() &&
         std::string_view("\"[{").find(word[at]) != std::string_view::npos;
}

// What the `plain` preset takes for itself.
bool IsReserved(const std::string& field) {
  for (const char* name : {"customer", "event", "type", "ts", "time", "id"}) {
    if (field == name) return true;
  }
  return false;
}

}  // namespace

std::optional<Duration> ParseOffset(std::string_view text) {
  Duration sum{};
  Duration least = Duration::max();  // Of the units so far.
  while (!text.empty()) {
    const std::size_t unit = text.find_first_not_of("0123456789");
    const std::size_t end =
        unit == text.npos ? unit : text.find_first_of("0123456789", unit);
    const auto part = ParseDuration(text.substr(0, end));
    const auto one =
        unit == text.npos
            ? std::nullopt
            : ParseDuration("1" + std::string(text.substr(unit, end - unit)));
    if (!part || !one || *one >= least || *part > Duration::max() - sum) {
      return std::nullopt;
    }
    sum += *part;
    least = *one;
    text.remove_prefix(std::min(end, text.size()));
  }
  if (least == Duration::max()) return std::nullopt;
  return sum;
}

std::string FormatOffset(Duration offset) {
  std::string text = ReadableDuration(offset);
  std::erase(text, ' ');
  return text;
}

Result<std::vector<std::string>> NotedWords(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  bool quoted = false;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\' && i + 1 < text.size()) {
      word += c;
      word += text[++i];
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '[' || c == '{')) ++depth;
    if (!quoted && (c == ']' || c == '}')) --depth;
    if ((c == ' ' || c == '\t') && !quoted && depth <= 0) {
      if (!word.empty()) words.push_back(std::move(word));
      word.clear();
    } else {
      word += c;
    }
  }
  if (quoted || depth > 0) {
    return Error{fmt::format("a {} is not closed in `{}`",
                             quoted ? "quote" : "bracket", word)};
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

std::string Unquoted(const std::string& word) {
  if (!word.starts_with('"')) return word;
  Arena arena;
  const Value value = ParseJsonValue(word, &arena);
  return value.kind() == Value::Kind::kText ? std::string(value.text()) : word;
}

std::string JsonOfText(const std::string& text) {
  if (IsJson(text)) return text;
  std::string json;
  AppendJsonText(text, &json);
  return json;
}

Result<std::vector<NotedEvent>> ReadNotedEvents(const std::string& text,
                                                Timestamp start) {
  const auto noted = NotedWords(text);
  if (!noted.ok()) return noted.error();
  const std::vector<std::string>& words = noted.value();
  if (words.size() < 3) {
    return Error{"an event is written `TIME CUSTOMER EVENT FIELD=VALUE ..`"};
  }
  const auto times = ReadTimes(words[0]);
  if (!times) {
    return Error{fmt::format(
        "`{}` is no time: write 5m, or 0m..9m/3m for one every 3 minutes",
        words[0])};
  }
  Fields fields;
  std::string id;
  for (std::size_t i = 3; i < words.size(); ++i) {
    const std::string& word = words[i];
    const std::size_t equals = word.find('=');
    if (IsReserved(word.substr(0, equals))) {
      return Error{fmt::format("`{}` is the event's own, not a property",
                               word.substr(0, equals))};
    }
    if (word.starts_with('#') && i + 1 == words.size()) {
      id = word.substr(1);
    } else if (equals == word.npos) {
      return Error{fmt::format("`{}` is no FIELD=VALUE", word)};
    } else if (BeginsJson(word, equals + 1) &&
               !IsJson(word.substr(equals + 1))) {
      return Error{
          fmt::format("`{}` is no JSON: texts in lists and objects "
                      "stand in quotes, and `\"` in a text is `\\\"`",
                      word.substr(equals + 1))};
    } else if (auto status = fields.Add(word.substr(0, equals),
                                        JsonOfText(word.substr(equals + 1)));
               !status.ok()) {
      return status.error();
    }
  }
  std::vector<NotedEvent> events;
  for (Duration at = times->first; at <= times->last; at += times->step) {
    if (events.size() == kMostEvents) {
      return Error{fmt::format("more than {} events in one line", kMostEvents)};
    }
    std::string record = "{\"customer\":";
    AppendJsonText(Unquoted(words[1]), &record);
    record += ",\"event\":";
    AppendJsonText(Unquoted(words[2]), &record);
    record +=
        fmt::format(",\"ts\":{}", (start + at).time_since_epoch().count());
    if (!id.empty()) {
      record += ",\"id\":";
      AppendJsonText(id, &record);
    }
    fields.AppendTo(&record);
    record += '}';
    events.push_back({at, Unquoted(words[2]), std::move(record)});
  }
  return events;
}

}  // namespace premura
