// SPDX-License-Identifier: Apache-2.0
#include "notifiers/template_facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/json_parts.h"
#include "notifiers/template_names.h"
#include "notifiers/template_words.h"
#include "notifiers/text.h"
#include "signals/profile_date.h"
#include "signals/zones.h"

namespace premura {
namespace {

constexpr std::size_t kMostEvents = 10;
constexpr std::size_t kMostCharacters = 200;

// A JSON value as a reader wants it; lists with commas. What is neither text
// nor list stays as it is written, for numbers may have more digits than 64
// bits.
std::string PlainText(const std::string& json) {
  if (json.starts_with('"')) {
    const auto text = JsonString(json);
    return text.ok() ? text.value() : "";
  }
  if (!json.starts_with('[')) return json == "null" ? "" : json;
  const auto elements = JsonElements(json);
  if (!elements.ok()) return "";
  std::string joined;
  for (const std::string& element : elements.value()) {
    if (!joined.empty()) joined += ", ";
    joined += PlainText(element);
  }
  return joined;
}

std::string WithoutRoot(const std::string& path) {
  constexpr std::string_view kRoot = "properties.";
  return path.starts_with(kRoot) ? path.substr(kRoot.size()) : path;
}

std::string Cut(std::string_view text) {
  return std::string(CutCharacters(text, kMostCharacters));
}

// By customers and events. Our own words and addresses stay whole.
bool IsSaidByOthers(std::string_view name) {
  return name.starts_with("customer.") || name.starts_with("event.") ||
         name.starts_with("group.") || name == "cause";
}

class Gatherer {
 public:
  Gatherer(const RenderInput& input, const std::string& date_format,
           const TemplateWords& words)
      : input_(input),
        record_(*input.record),
        date_format_(date_format),
        words_(words),
        zone_(IsKnownZone(input.timezone) ? input.timezone : "Etc/UTC") {}

  TemplateFacts Gather(const std::vector<TemplateTag>& tags) {
    for (const TemplateTag& tag : tags) {
      const std::string text = OneLine(TextOf(tag.name));
      if (text.empty()) continue;
      facts_.texts[tag.name] = IsSaidByOthers(tag.name) ? Cut(text) : text;
    }
    GatherEvidence();
    return std::move(facts_);
  }

 private:
  std::string Date(Timestamp at) const {
    return FormatDate(FormatLocal(zone_, at).substr(0, 10), date_format_);
  }
  std::string Time(Timestamp at) const {
    return FormatLocal(zone_, at).substr(11, 5);
  }

  void GatherEvidence() {
    const auto& evidence = record_.evidence;
    const std::size_t shown = std::min(evidence.size(), kMostEvents);
    for (auto event = evidence.end() - static_cast<std::ptrdiff_t>(shown);
         event != evidence.end(); ++event) {
      TemplateFacts::Texts texts = {{"time", Time(event->at)},
                                    {"date", Date(event->at)},
                                    {"name", Cut(OneLine(event->name))}};
      if (std::string details = Details(*event); !details.empty()) {
        texts["details"] = std::move(details);
      }
      facts_.evidence.push_back(std::move(texts));
    }
  }

  // "page /billing/card, reason 3ds_timeout"
  std::string Details(const EvidenceEvent& event) const {
    std::string details;
    for (const auto& [path, json] : event.fields) {
      if (!IsShown(path)) continue;
      const std::string text = OneLine(PlainText(json));
      if (text.empty() || path == "event" || path == "id" || path == "time") {
        continue;
      }
      if (!details.empty()) details += ", ";
      details += fmt::format("{} {}", OneLine(WithoutRoot(path)), text);
    }
    return Cut(details);
  }

  // A customer's mail must not change because another rule looks at more.
  bool IsShown(const std::string& path) const {
    const auto& shown = record_.shown;
    return !shown ||
           std::find(shown->begin(), shown->end(), path) != shown->end();
  }

  std::string TextOf(const std::string& name) const {
    if (const auto path = ProfilePathOf(name)) return OfProfile(*path);
    if (const auto property = EventPropertyOf(name)) return OfEvents(*property);
    if (name.starts_with("rule.")) return OfRule(name.substr(5));
    if (name.starts_with("group.")) return OfGroup(name.substr(6));
    if (name.starts_with("sender.")) return OfSender(name.substr(7));
    if (name == "case.date") return Date(record_.at);
    if (name == "case.time") return Time(record_.at);
    if (name == "case.timezone") return zone_ == "Etc/UTC" ? "UTC" : zone_;
    if (name.starts_with("event.")) return OfNewest(name.substr(6));
    return OfCase(name);
  }

  std::string OfCase(const std::string& name) const {
    const std::size_t count = record_.evidence.size();
    if (name == "customer.id") return record_.customer;
    if (name == "case.id") return record_.detection_id;
    if (name == "count") return std::to_string(count);
    if (name == "earlier" && count > kMostEvents) {
      return std::to_string(count - kMostEvents);
    }
    if (name == "cause") return Cause();
    if (name == "span") return Span();
    if (name == "article") return record_.article;
    if (name == "article_url") return ArticleUrl();
    if (name == "done") return Done();
    if (input_.ticket && name == "ticket.id") return input_.ticket->id;
    if (input_.ticket && name == "ticket.tag") {
      return input_.ticket->subject_tag;
    }
    return "";
  }

  // "3ds_timeout", "3ds_timeout, visa"
  std::string Cause() const {
    std::string cause;
    for (const auto& field : record_.cause) {
      const std::string text = OneLine(PlainText(field.second));
      if (text.empty()) continue;
      if (!cause.empty()) cause += ", ";
      cause += text;
    }
    return Cut(cause);
  }

  // From the first event to the last: "11 min". Symbols of units are the same
  // in every language.
  std::string Span() const {
    if (record_.evidence.size() < 2) return "";
    const Duration span =
        record_.evidence.back().at - record_.evidence.front().at;
    const std::int64_t seconds =
        std::chrono::duration_cast<std::chrono::seconds>(span).count();
    if (seconds < 1) return "";
    const std::pair<std::int64_t, const char*> units[] = {
        {86'400, "d"}, {3'600, "h"}, {60, "min"}, {1, "s"}};
    for (std::size_t i = 0; i < std::size(units); ++i) {
      const auto [size, symbol] = units[i];
      if (seconds < size) continue;
      const std::string words = fmt::format("{} {}", seconds / size, symbol);
      if (i + 1 == std::size(units) || size <= 60) return words;
      const std::int64_t rest = seconds % size / units[i + 1].first;
      if (rest == 0) return words;
      return fmt::format("{} {} {}", words, rest, units[i + 1].second);
    }
    return "";
  }

  // "email sent 2026-11-20 09:55; sms not sent: no address is known"
  std::string Done() const {
    std::string done;
    for (const DoneStep& step : input_.done) {
      std::string time;
      if (step.time) time = Date(*step.time) + " " + Time(*step.time);
      if (step.time && !IsKnownZone(input_.timezone)) time += " UTC";
      if (!done.empty()) done += "; ";
      done += words_.Tell(step, time);
    }
    return done;
  }

  std::string ArticleUrl() const {
    const std::string& help = input_.sender->help_url;
    if (record_.article.empty() || help.empty()) return "";
    return help + (help.ends_with('/') ? "" : "/") + record_.article;
  }

  // Readers make links of it where we do not.
  static bool MayBeLink(const std::string& name) {
    return name.find("://") != std::string::npos ||
           name.find("www.") != std::string::npos;
  }

  std::string OfProfile(const std::string& path) const {
    const std::string text(input_.profile->Text(path));
    if (path.starts_with("dates.")) return OfDates(path, text);
    if (path != "first_name") return text;
    if (!text.empty()) return MayBeLink(text) ? "" : text;
    // "Bianchi, Marta" and lone words say too little.
    const std::string name = OneLine(input_.profile->Text("name"));
    if (name.find(',') != std::string::npos || MayBeLink(name)) return "";
    return name.substr(0, name.find(' '));
  }

  // As the language writes dates, however the profile does.
  std::string OfDates(const std::string& path, const std::string& text) const {
    const auto date = ReadProfileDate(input_.profile->Get(path));
    if (!date) return text;
    return date->whole_day ? FormatDate(text, date_format_) : Date(date->at);
  }

  // Of the newest event that has it.
  std::string OfEvents(const std::string& property) const {
    for (auto event = record_.evidence.rbegin();
         event != record_.evidence.rend(); ++event) {
      for (const auto& [path, json] : event->fields) {
        if (WithoutRoot(path) != property) continue;
        if (std::string text = PlainText(json); !text.empty()) return text;
      }
    }
    return "";
  }

  // A case without evidence (nothing came) happened at its own time.
  std::string OfNewest(const std::string& what) const {
    const bool none = record_.evidence.empty();
    const Timestamp at = none ? record_.at : record_.evidence.back().at;
    if (what == "date") return Date(at);
    if (what == "time") return Time(at);
    return none ? "" : record_.evidence.back().name;
  }

  std::string OfRule(const std::string& what) const {
    if (what == "level") return words_.Of(record_.level);
    if (what == "phase") return words_.Of(record_.phase);
    const std::pair<const char*, const std::string*> texts[] = {
        {"id", &record_.rule_id},
        {"title", &record_.title},
        {"revision", &record_.revision},
        {"description", &record_.description},
        {"owner", &record_.owner}};
    for (const auto& [name, text] : texts) {
      if (what == name) return *text;
    }
    return "";
  }

  std::string OfGroup(const std::string& path) const {
    for (const auto& [grouped_by, json] : record_.group) {
      if (WithoutRoot(grouped_by) == WithoutRoot(path)) return PlainText(json);
    }
    return "";
  }

  std::string OfSender(const std::string& what) const {
    const SenderFacts& sender = *input_.sender;
    const auto found = sender.extra.find(what);
    if (found != sender.extra.end()) return found->second;
    return SenderText(sender, what);
  }

  const RenderInput& input_;
  const CaseRecord& record_;
  const std::string& date_format_;
  const TemplateWords& words_;
  const std::string zone_;
  TemplateFacts facts_;
};

}  // namespace

std::string SenderText(const SenderFacts& sender, const std::string& what) {
  const std::pair<const char*, const std::string*> texts[] = {
      {"organisation", &sender.organisation},
      {"name", &sender.name},
      {"phone", &sender.phone},
      {"hours", &sender.hours},
      {"address", &sender.address},
      {"help_url", &sender.help_url},
      {"stop_url", &sender.stop_url}};
  for (const auto& [name, text] : texts) {
    if (what == name) return *text;
  }
  return "";
}

TemplateFacts GatherFacts(const RenderInput& input,
                          const std::vector<TemplateTag>& tags,
                          const std::string& date_format,
                          const TemplateWords& words) {
  return Gatherer(input, date_format, words).Gather(tags);
}

bool IsDateFormat(const std::string& format) {
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    if (++i == format.size() ||
        std::string_view("dmY").find(format[i]) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

std::string FormatDate(const std::string& iso, const std::string& format) {
  if (format.empty()) return iso;
  std::string date;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      date += format[i];
      continue;
    }
    switch (format[++i]) {
      case 'Y':
        date += iso.substr(0, 4);
        break;
      case 'm':
        date += iso.substr(5, 2);
        break;
      case 'd':
        date += iso.substr(8, 2);
        break;
      default:
        date += format[i];
    }
  }
  return date;
}

}  // namespace premura
