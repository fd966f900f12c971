// SPDX-License-Identifier: Apache-2.0
#include "rules/rule_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/digest.h"
#include "rules/futility.h"
#include "rules/kinds/kind.h"
#include "rules/number.h"
#include "rules/printable.h"

namespace premura {
namespace {

constexpr std::size_t kLongestId = 64;

bool IsId(const std::string& id) {
  const bool characters = std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  return characters && !id.empty() && id.size() <= kLongestId;
}

// Reads one rule, part by part in the order of the language's example.
class RuleReader {
 public:
  RuleReader(Mapping mapping, Symbols* symbols) : mapping_(std::move(mapping)) {
    reading_.symbols = symbols;
  }

  ReadRule Read() {
    ReadIdentity();
    ReadStanding();
    ReadDetection();
    ReadFollowing();
    ReadRestraint();
    mapping_.RejectOtherKeys("in " + reading_.rule);
    WarnOfFutility(mapping_, rule_);
    Digest();
    rule_.shown_fields = ShownFields();
    rule_.mentions = std::move(reading_.mentions);
    return {std::move(rule_), at_, mapping_.node().position(),
            std::move(reading_.references)};
  }

 private:
  void ReadIdentity() {
    const Node id = mapping_.Require("id");
    at_ = id ? id : mapping_.node();
    rule_.id = id.AsText("id").value_or("");
    rule_.position = at_.position();
    reading_.rule = id ? fmt::format("rule `{}`", rule_.id) : "this rule";
    if (id && !IsId(rule_.id)) {
      id.Complain(
          fmt::format("`{}` is no rule id", rule_.id),
          fmt::format("small letters, digits and -, at most {}", kLongestId));
    }
    rule_.title = mapping_.RequireText("title").value_or("");
    if (mapping_.Get("title").kind() == Node::Kind::kScalar &&
        rule_.title.empty()) {
      mapping_.Get("title").Complain("`title` is empty");
    }
    RefuseControls("title", rule_.title);
    rule_.description = mapping_.TextOr("description", "");
  }

  // It is shown on one line, on terminals too.
  void RefuseControls(std::string_view key, const std::string& text) {
    if (Printable(text) == text) return;
    mapping_.Get(key).Complain(
        fmt::format("`{}` has a control character in it", key),
        "write it on one line, or with `>-`");
  }

  void ReadStanding() {
    rule_.status = Choice(
        "status",
        {RuleStatus::kLive, RuleStatus::kSimulation, RuleStatus::kDisabled},
        rule_.status);
    rule_.level = Choice("level",
                         {Level::kInformational, Level::kLow, Level::kMedium,
                          Level::kHigh, Level::kCritical},
                         rule_.level);
    static const std::vector<std::string> phases = {
        "plan",   "explore", "choose",   "buy",
        "set_up", "use",     "maintain", "renew"};
    const auto phase = mapping_.Get("phase").AsChoice("phase", phases);
    if (phase) rule_.phase = phases[*phase];
    rule_.owner = mapping_.TextOr("owner", "");
    RefuseControls("owner", rule_.owner);
    rule_.tags = mapping_.Texts("tags");
    const Node tags = mapping_.Get("tags");
    if (tags.kind() == Node::Kind::kScalar && !rule_.tags.empty()) {
      WarnOfList("tag", rule_.tags[0], tags);
    }
    rule_.priority = static_cast<int>(
        mapping_.Int("priority", 0, 100).value_or(rule_.priority));
  }

  // One of an enum's values, by its name.
  template <typename Enum>
  Enum Choice(std::string_view key, const std::vector<Enum>& values,
              Enum fallback) {
    std::vector<std::string> names;
    names.reserve(values.size());
    for (const Enum value : values) names.emplace_back(ToString(value));
    const auto choice = mapping_.Get(key).AsChoice(key, names);
    return choice ? values[*choice] : fallback;
  }

  void ReadDetection() {
    rule_.only_for = ReadCondition(mapping_.MappingOf("only_for"),
                                   {reading_.symbols, true, {}});
    const Node detect = mapping_.Require("detect");
    rule_.detect = ReadDetect(detect.AsMapping("detect"), &reading_);
    if (!detect) ComplainOfKindsBeside();
    const auto late = mapping_.Get("late").AsChoice("late", {"ignore"});
    rule_.detect.ignore_late = late.has_value();
    if (const Node cause = mapping_.Get("cause")) {
      rule_.cause = ReadFields(cause, "cause", &reading_);
    }
  }

  // `detect:` with nothing in it, and its kind on the next line.
  void ComplainOfKindsBeside() {
    for (const Kind* kind : Kinds()) {
      if (!mapping_.Has(kind->name)) continue;
      mapping_.Get(kind->name);
      mapping_.ComplainAtKey(
          kind->name,
          fmt::format("`{}` stands beside `detect`, not in it", kind->name),
          "indent it, and all that belongs to it, below `detect:`");
    }
  }

  void ReadFollowing() {
    ReadCancelOn();
    rule_.cooldown = ReadSpan(mapping_.Get("cooldown"), "cooldown");
    rule_.expires_after =
        ReadSpan(mapping_.Get("expires_after"), "expires_after");
    rule_.article = mapping_.TextOr("article", "");
    if (rule_.article.find("://") != rule_.article.npos) {
      mapping_.Get("article").Warn(
          "`article` is put behind `sender.help_url`",
          "write only what comes after it: `how-to-pay-by-card`");
    }
    rule_.actions = ReadActions(mapping_.Get("actions"), &reading_);
    if (Mapping mapping = mapping_.MappingOf("success")) {
      Success success;
      success.event = ReadPatternKeys(mapping, &reading_);
      success.within =
          ReadSpan(mapping.Require("within"), "within").value_or(Duration(0));
      mapping.RejectOtherKeys("in `success` of " + reading_.rule);
      rule_.success = std::move(success);
    }
  }

  // One pattern, or a list of them.
  void ReadCancelOn() {
    const Node node = mapping_.Get("cancel_on");
    if (!node) return;
    std::vector<Node> elements = {node};
    if (node.kind() == Node::Kind::kSequence) {
      elements = node.AsList("cancel_on");
      if (elements.empty()) node.Complain("`cancel_on` names no event");
    }
    for (const Node& element : elements) {
      rule_.cancel_on.push_back(ReadPattern(element, "cancel_on", &reading_));
    }
  }

  void ReadRestraint() {
    ReadHoldout();
    rule_.frequency_cap = ReadFrequencyCaps(mapping_.Get("frequency_cap"));
    rule_.quiet_hours = ReadQuietHoursByChannel(mapping_.Get("quiet_hours"));
  }

  void ReadHoldout() {
    const Node node = mapping_.Get("holdout");
    const auto text = node.AsText("holdout");
    if (!text) return;
    std::optional<Number> share;
    if (text->ends_with('%')) {
      share = ParseNumber(text->substr(0, text->size() - 1));
    }
    if (!share || share->AsDouble() < 0 || share->AsDouble() > 100) {
      node.Complain(fmt::format("`holdout` is `{}`, which is no share", *text),
                    "between 0% and 100%, for example 10%");
      return;
    }
    rule_.holdout = share->AsDouble() / 100;
    if (rule_.holdout < 1) return;
    node.Warn("`holdout` is everybody, so nobody is ever contacted",
              "10% leaves enough to compare with; to send nothing at all, "
              "`status: simulation`");
  }

  // State is kept over a reload where the revision is the same, so it covers
  // what decides detections and nothing else.
  void Digest() {
    std::string decides = rule_.id + "\n";
    for (const char* key : {"detect", "only_for", "late"}) {
      decides += fmt::format("{}: ", key);
      AppendCanonical(mapping_.Get(key), &decides);
      decides += "\n";
    }
    rule_.revision = ShortDigest(decides);
    std::string whole;
    AppendCanonical(mapping_.node(), &whole);
    rule_.hash = ShortDigest(whole);
  }

  std::vector<FieldRef> ShownFields() const {
    std::vector<FieldRef> candidates = reading_.fields;
    candidates.insert(candidates.end(), rule_.cause.begin(), rule_.cause.end());
    std::vector<FieldRef> shown;
    for (FieldRef& field : candidates) {
      if (field.root != FieldRef::Root::kProperty) continue;
      const bool known = std::any_of(
          shown.begin(), shown.end(),
          [&](const FieldRef& other) { return other.symbol == field.symbol; });
      if (known || field.symbol == 0) continue;
      field.step = 0;
      field.path = reading_.symbols->properties.Text(field.symbol);
      shown.push_back(std::move(field));
    }
    return shown;
  }

  Mapping mapping_;
  Reading reading_;
  Rule rule_;
  Node at_;
};

bool IsTemplate(const Mapping& file) {
  if (!file || file.Has("rules") || file.Has("version")) return false;
  return file.Has("email") || file.Has("ticket") || file.Has("sms");
}

bool IsConfiguration(const Mapping& file) {
  return file && file.Has("sources") && !file.Has("version");
}

}  // namespace

std::vector<ReadRule> ReadRulesFile(const Document& document,
                                    Symbols* symbols) {
  std::vector<ReadRule> rules;
  const Node root = document.root();
  if (!root || root.IsNull()) {
    // Where the text could not be read, that has been said.
    if (document.diagnostics().empty()) {
      root.Complain("the file holds no rules", "it begins with `version: 1`");
    }
    return rules;
  }
  Mapping file = root.AsMapping("a rules file");
  if (IsTemplate(file)) {
    root.Complain("this is a template, and no file of rules",
                  "templates are checked with the rules that use them: "
                  "`premura check RULES`, or with `-c`");
    return rules;
  }
  if (IsConfiguration(file)) {
    root.Complain("this is a configuration, and no file of rules",
                  "check it with `premura check -c FILE`");
    return rules;
  }
  file.RequireInt("version", 1, 1);
  for (const Node& node : file.Require("rules").AsList("rules")) {
    Mapping mapping = node.AsMapping("a rule");
    if (mapping) rules.push_back(RuleReader(mapping, symbols).Read());
  }
  file.RejectOtherKeys("in a rules file");
  return rules;
}

}  // namespace premura
