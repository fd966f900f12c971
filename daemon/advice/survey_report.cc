// SPDX-License-Identifier: Apache-2.0
#include "daemon/advice/survey_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "daemon/terminal/text_table.h"
#include "notifiers/json_writer.h"
#include "rules/printable.h"
#include "rules/readable_duration.h"

namespace premura {
namespace {

using Kind = Value::Kind;

constexpr std::size_t kShownValues = 6;

// A text for a terminal: what could move its cursor is escaped.
std::string Shown(std::string_view text) {
  std::string json = JsonText(text);
  return Printable(json.substr(1, json.size() - 2));
}

std::uint64_t CountOf(const FieldSurvey& field, Kind kind) {
  return field.kinds[static_cast<std::size_t>(kind)];
}

// What a field holds, the commonest first.
std::vector<std::string> TypesOf(const FieldSurvey& field) {
  std::vector<std::pair<std::uint64_t, const char*>> types = {
      {CountOf(field, Kind::kText), "text"},
      {CountOf(field, Kind::kInteger), "whole number"},
      {CountOf(field, Kind::kReal), "number"},
      {CountOf(field, Kind::kBoolean), "true/false"},
      {CountOf(field, Kind::kList), "list"},
      {CountOf(field, Kind::kObject), "object"}};
  if (types[2].first > 0) {  // Whole ones are numbers too.
    types[2].first += types[1].first;
    types[1].first = 0;
  }
  std::stable_sort(
      types.begin(), types.end(),
      [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> words;
  for (const auto& [count, word] : types) {
    if (count > 0) words.emplace_back(word);
  }
  return words.empty() ? std::vector<std::string>{"null"} : words;
}

std::string Percent(std::uint64_t part, std::uint64_t whole) {
  if (part == whole) return "100%";
  const double share =
      100.0 * static_cast<double>(part) / static_cast<double>(whole);
  return share < 1 ? "<1%" : fmt::format("{:.0f}%", std::min(share, 99.0));
}

// By count, then by text.
std::vector<std::pair<std::string, std::uint64_t>> Commonest(
    const FieldSurvey& field) {
  std::vector<std::pair<std::string, std::uint64_t>> values(
      field.values.begin(), field.values.end());
  std::stable_sort(
      values.begin(), values.end(),
      [](const auto& a, const auto& b) { return a.second > b.second; });
  if (values.size() > kShownValues) values.resize(kShownValues);
  return values;
}

const char* NatureWords(FieldNature nature) {
  switch (nature) {
    case FieldNature::kId:
      return "looks like an id, shown by its form: ";
    case FieldNature::kPersonal:
      return "looks personal, shown by its form: ";
    case FieldNature::kSecret:
      return "looks secret, not shown";
    case FieldNature::kOrdinary:
      break;
  }
  return "";
}

std::string ValuesText(const FieldSurvey& field) {
  std::string text;
  const bool ordinary = field.nature == FieldNature::kOrdinary;
  if (ordinary && field.least && *field.least < *field.most) {
    text += fmt::format("{:g} to {:g}, ", *field.least, *field.most);
  }
  text += fmt::format("{}{} {}", field.different.exact() ? "" : "about ",
                      Grouped(field.different.Count()),
                      field.different.Count() == 1 ? "value" : "values");
  text += fmt::format(": {}", NatureWords(field.nature));
  std::size_t shown = 0;
  for (const auto& [value, count] : Commonest(field)) {
    constexpr std::size_t kMostForms = 2;
    if (!ordinary && shown == kMostForms) break;
    text += shown++ == 0 ? "" : ", ";
    text += Shown(value);
    if (ordinary) text += fmt::format(" ({})", Grouped(count));
  }
  const bool more = ordinary && field.different.Count() > shown;
  return more ? text + ", .." : text;
}

std::string FieldsText(const FieldSurveys& fields, std::uint64_t of) {
  std::size_t widest = 0;
  for (const auto& [path, _] : fields) {
    widest = std::max(widest, Shown(path).size());
  }
  constexpr std::size_t kWidest = 32;
  widest = std::min(widest, kWidest);
  std::string text;
  for (const auto& [path, field] : fields) {
    text += fmt::format("  {:{}}  {:12}  {:>4}  {}\n", Shown(path), widest,
                        fmt::to_string(fmt::join(TypesOf(field), " or ")),
                        Percent(field.present, of),
                        field.present > 0 ? ValuesText(field) : "null only");
  }
  return text;
}

double Days(const Survey& survey) {
  constexpr double kDay = 24 * 3600 * 1000.0;
  return static_cast<double>((survey.last - survey.first).count()) / kDay;
}

// Events a day; over less than a day there is nothing to say.
std::string Rate(std::uint64_t count, double days) {
  if (days < 1) return "-";
  const double rate = static_cast<double>(count) / days;
  return rate < 10 ? fmt::format("{:.1f}", rate)
                   : Grouped(static_cast<std::uint64_t>(rate + 0.5));
}

// By nearest rank, of values in ascending order. REQUIRES: there are some.
std::uint64_t Rank(const std::vector<std::uint64_t>& sorted, double share) {
  const double rank = std::ceil(share * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(rank) - 1];
}

std::string Number(const DistinctCounter& counter) {
  return (counter.exact() ? "" : "about ") + Grouped(counter.Count());
}

std::string HeadText(const Survey& survey) {
  std::string text =
      fmt::format("{} of {} customer{} in {} (preset {})\n",
                  Counted(survey.events, "event"), Number(survey.customers),
                  survey.customers.Count() == 1 ? "" : "s",
                  Counted(survey.records, "record"), PresetName(survey.preset));
  if (survey.events == 0) return text;
  const double days = Days(survey);
  text += fmt::format("from {} to {}", FormatInstant(survey.first),
                      FormatInstant(survey.last));
  if (days >= 1) {
    text += fmt::format(" ({:.1f} days, {} events a day)", days,
                        Rate(survey.events, days));
  }
  const auto counts = survey.customers.Counts();
  text += fmt::format(
      "\nevents per customer: median {}, 90% have at most {}, most {}\n",
      Grouped(Rank(counts, 0.5)), Grouped(Rank(counts, 0.9)),
      Grouped(counts.back()));
  return text;
}

void AddTroubles(const Survey& survey, std::string* text) {
  if (survey.without_id > 0) {
    *text += fmt::format("without an id: {}\n", Grouped(survey.without_id));
  }
  if (survey.ids.Repeats() > 0) {
    *text += fmt::format(
        "with the id of an earlier one of their customer: {}{}\n",
        survey.ids.exact() ? "" : "about ", Grouped(survey.ids.Repeats()));
  }
  if (survey.unordered > 0) {
    *text += fmt::format(
        "older than one before them: {}, by up to {}: the lines are not in "
        "order of time; what is told here does not depend on it, `backtest` "
        "takes them in order with --sort\n",
        Grouped(survey.unordered), ReadableDuration(survey.most_behind));
  }
  for (const auto& [reason, refused] : survey.refused) {
    *text += fmt::format("cannot be used, {}: {}, first in line {}: {}\n",
                         ToString(reason), Grouped(refused.count), refused.line,
                         refused.detail);
  }
  if (!survey.names_complete) {
    *text += fmt::format("more than {} names of events: the rest is left out\n",
                         Grouped(Survey::kMostNames));
  }
  if (!survey.fields_complete) *text += "more fields than are shown here\n";
}

// The commonest first.
std::vector<const std::pair<const std::string, NameSurvey>*> InOrder(
    const Survey& survey) {
  std::vector<const std::pair<const std::string, NameSurvey>*> names;
  for (const auto& named : survey.names) names.push_back(&named);
  std::stable_sort(names.begin(), names.end(),
                   [](const auto* a, const auto* b) {
                     return a->second.count > b->second.count;
                   });
  return names;
}

std::string NamesText(const Survey& survey) {
  std::string text = "\nEVENTS\n";
  std::size_t widest = 0;
  for (const auto& [name, _] : survey.names) {
    widest = std::max(widest, Shown(name).size());
  }
  text += fmt::format("  {:{}}  {:>10}  {:>5}  {:>9}  {:>9}\n", "name", widest,
                      "count", "share", "a day", "customers");
  const double days = Days(survey);
  for (const auto* named : InOrder(survey)) {
    const NameSurvey& name = named->second;
    text += fmt::format(
        "  {:{}}  {:>10}  {:>5}  {:>9}  {:>9}\n", Shown(named->first), widest,
        Grouped(name.count), Percent(name.count, survey.events),
        Rate(name.count, days), Grouped(name.customers.Count()));
  }
  return text;
}

std::string FieldJson(const std::string& path, const FieldSurvey& field) {
  std::vector<std::string> types;
  for (const std::string& type : TypesOf(field))
    types.push_back(JsonText(type));
  std::string values;
  for (const auto& [value, count] : Commonest(field)) {
    values += fmt::format("{}{{\"value\":{},\"count\":{}}}",
                          values.empty() ? "" : ",", JsonText(value), count);
  }
  std::string range;
  if (field.least && field.nature == FieldNature::kOrdinary) {
    range = fmt::format(",\"min\":{},\"max\":{}", *field.least, *field.most);
  }
  return fmt::format(
      "{{\"field\":{},\"types\":[{}],\"present\":{},\"null\":{},"
      "\"distinct\":{},\"distinct_exact\":{},\"looks\":\"{}\"{},"
      "\"values\":[{}]}}",
      JsonText(path), fmt::join(types, ","), field.present, field.nulls,
      field.different.Count(), field.different.exact(), ToString(field.nature),
      range, values);
}

std::string FieldsJson(const FieldSurveys& fields) {
  std::string json;
  for (const auto& [path, field] : fields) {
    json += (json.empty() ? "" : ",") + FieldJson(path, field);
  }
  return "[" + json + "]";
}

std::string NamesJson(const Survey& survey) {
  std::string json;
  for (const auto* named : InOrder(survey)) {
    const NameSurvey& name = named->second;
    json += fmt::format(
        "{}{{\"event\":{},\"count\":{},\"customers\":{},"
        "\"first\":\"{}\",\"last\":\"{}\",\"fields\":{}}}",
        json.empty() ? "" : ",", JsonText(named->first), name.count,
        name.customers.Count(), FormatInstant(name.first),
        FormatInstant(name.last), FieldsJson(name.fields));
  }
  return "[" + json + "]";
}

std::string CustomersJson(const Survey& survey) {
  const auto counts = survey.customers.Counts();
  if (counts.empty()) return "{\"count\":0}";
  return fmt::format(
      "{{\"count\":{},\"exact\":{},\"events_median\":{},\"events_p90\":{},"
      "\"events_max\":{}}}",
      survey.customers.Count(), survey.customers.exact(), Rank(counts, 0.5),
      Rank(counts, 0.9), counts.back());
}

std::string RefusedJson(const Survey& survey) {
  std::string json;
  for (const auto& [reason, refused] : survey.refused) {
    json += fmt::format(
        "{}{{\"reason\":\"{}\",\"count\":{},\"line\":{},\"detail\":{}}}",
        json.empty() ? "" : ",", ToString(reason), refused.count, refused.line,
        JsonText(refused.detail));
  }
  return "[" + json + "]";
}

}  // namespace

std::string SurveyText(const Survey& survey, const std::string& starter) {
  std::string text = HeadText(survey);
  AddTroubles(survey, &text);
  if (survey.events > 0) text += NamesText(survey);
  for (const auto* named : InOrder(survey)) {
    text += fmt::format("\n{} ({})\n{}", Shown(named->first),
                        Grouped(named->second.count),
                        FieldsText(named->second.fields, named->second.count));
  }
  if (survey.profile_changes > 0) {
    text += fmt::format("\nCUSTOMERS, by {} identify and group events\n{}",
                        Grouped(survey.profile_changes),
                        FieldsText(survey.profile, survey.profile_changes));
  }
  if (starter.empty()) return text;
  return text +
         "\nTO BEGIN WITH: save as rules.yaml, change, and try with "
         "`premura backtest`\n\n" +
         starter;
}

std::string SurveyJson(const Survey& survey, const std::string& starter) {
  std::string span;
  if (survey.events > 0) {
    span = fmt::format("\"first\":\"{}\",\"last\":\"{}\",",
                       FormatInstant(survey.first), FormatInstant(survey.last));
  }
  return fmt::format(
      "{{\"preset\":\"{}\",\"records\":{},\"events\":{},{}\"customers\":{},"
      "\"without_id\":{},\"repeated_ids\":{},\"out_of_order\":{},"
      "\"refused\":{},\"complete\":{},\"names\":{},\"profile_changes\":{},"
      "\"profile\":{},\"starter\":{}}}\n",
      PresetName(survey.preset), survey.records, survey.events, span,
      CustomersJson(survey), survey.without_id, survey.ids.Repeats(),
      survey.unordered, RefusedJson(survey),
      survey.names_complete && survey.fields_complete, NamesJson(survey),
      survey.profile_changes, FieldsJson(survey.profile), JsonText(starter));
}

}  // namespace premura
