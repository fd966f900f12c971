// SPDX-License-Identifier: Apache-2.0
#include "notifiers/template_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "rules/diagnostic.h"

namespace premura {
namespace {

// Those that are always known come first.
constexpr std::string_view kAlways[] = {
    "customer.id", "rule.id",    "rule.title", "rule.level",    "rule.revision",
    "case.id",     "case.date",  "case.time",  "case.timezone", "event.name",
    "event.date",  "event.time", "count",      "evidence",      "why"};
constexpr std::string_view kPerhaps[] = {"customer.name",
                                         "customer.first_name",
                                         "customer.role",
                                         "customer.tier",
                                         "customer.locale",
                                         "customer.timezone",
                                         "customer.country",
                                         "customer.email",
                                         "customer.phone",
                                         "customer.owner",
                                         "customer.phase",
                                         "customer.account",
                                         "rule.description",
                                         "rule.phase",
                                         "rule.owner",
                                         "earlier",
                                         "cause",
                                         "span",
                                         "article",
                                         "article_url",
                                         "ticket.id",
                                         "ticket.tag",
                                         "done"};
constexpr std::string_view kOfEvidence[] = {"time", "date", "name", "details"};
// What follows is a name of the team's own.
constexpr std::string_view kOpen[] = {"customer.custom.", "customer.dates.",
                                      "event.", "group.", "sender."};

bool Has(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool IsOpen(const std::string& name) {
  return std::any_of(std::begin(kOpen), std::end(kOpen), [&](auto prefix) {
    return name.size() > prefix.size() && name.starts_with(prefix);
  });
}

// Behind a beginning that there is, only what follows can be misspelt:
// `customer.nick` is not nearly `customer.id`.
std::string NearestName(const std::string& name,
                        const std::vector<std::string>& known) {
  const std::string root = name.substr(0, name.find('.') + 1);
  std::vector<std::string> rests;
  for (const std::string& one : known) {
    if (one.starts_with(root)) rests.push_back(one.substr(root.size()));
  }
  if (root.empty() || rests.empty()) return Nearest(name, known);
  const std::string rest = Nearest(name.substr(root.size()), rests);
  return rest.empty() ? "" : root + rest;
}

std::string HintFor(const std::string& name, bool in_evidence) {
  std::vector<std::string> known(std::begin(kAlways), std::end(kAlways));
  known.insert(known.end(), std::begin(kPerhaps), std::end(kPerhaps));
  if (in_evidence) {
    known.insert(known.end(), std::begin(kOfEvidence), std::end(kOfEvidence));
  }
  if (const std::string nearest = NearestName(name, known); !nearest.empty()) {
    return fmt::format("did you mean `{}`?", nearest);
  }
  if (name.starts_with("customer.") && name.size() > 9) {
    return fmt::format(
        "any other path of the profile is written `customer.custom.{}`",
        name.substr(9));
  }
  return "";
}

}  // namespace

std::optional<NameJudgement> JudgeTemplateName(const std::string& name,
                                               bool in_evidence,
                                               bool in_email) {
  if (name == "why" && !in_email) {
    return NameJudgement{"`why` is known in emails only", ""};
  }
  if (in_evidence && Has(kOfEvidence, name)) return std::nullopt;
  if (Has(kAlways, name) || Has(kPerhaps, name) || IsOpen(name)) {
    return std::nullopt;
  }
  if (Has(kOfEvidence, name)) {
    return NameJudgement{
        fmt::format("`{}` is known inside `{{{{#evidence}}}}` only", name), ""};
  }
  return NameJudgement{fmt::format("templates know no `{}`", name),
                       HintFor(name, in_evidence)};
}

bool MayBeMissing(const std::string& name) {
  return !Has(kAlways, name) && !Has(kOfEvidence, name) &&
         !name.starts_with("sender.");
}

std::optional<std::string> EventPropertyOf(const std::string& name) {
  constexpr std::string_view kEvent = "event.";
  constexpr std::string_view kProperties = "properties.";
  if (!name.starts_with(kEvent) || Has(kAlways, name)) return std::nullopt;
  std::string path = name.substr(kEvent.size());
  if (path.starts_with(kProperties)) path.erase(0, kProperties.size());
  return path;
}

std::optional<std::string> ProfilePathOf(const std::string& name) {
  constexpr std::string_view kCustomer = "customer.";
  constexpr std::string_view kCustom = "custom.";
  if (!name.starts_with(kCustomer) || name == "customer.id") {
    return std::nullopt;
  }
  std::string path = name.substr(kCustomer.size());
  if (path.starts_with(kCustom)) path.erase(0, kCustom.size());
  return path;
}

}  // namespace premura
