// SPDX-License-Identifier: Apache-2.0
// What is read is what is written; mistakes are in testdata/.
#include <gtest/gtest.h>

#include "rules/rule_set.h"

namespace premura {
namespace {

std::shared_ptr<const RuleSet> LoadGood(const std::string& name) {
  const std::vector<std::string> paths = {std::string(TESTDATA "/good/") +
                                          name};
  LoadedRules loaded = LoadRulePaths(paths, {});
  EXPECT_EQ(RenderText(loaded.diagnostics), "");
  return loaded.rules;
}

std::vector<std::string> Names(const RuleSet& set, const Pattern& pattern) {
  std::vector<std::string> names;
  for (const SymbolId id : pattern.names) {
    names.push_back(set.symbols().names.Text(id));
  }
  return names;
}

using Texts = std::vector<std::string>;
using std::chrono::hours;
using std::chrono::minutes;

TEST(RuleReaderTest, ReadsWhatARuleIs) {
  const auto set = LoadGood("everything.yaml");
  const Rule& rule = *set->Find("billing-page-loop");
  EXPECT_EQ(rule.title, "Keeps coming back to the billing page");
  EXPECT_EQ(rule.status, RuleStatus::kLive);
  EXPECT_EQ(rule.level, Level::kMedium);
  EXPECT_EQ(rule.phase, "buy");
  EXPECT_EQ(rule.owner, "billing-team");
  EXPECT_EQ(rule.tags, Texts{"billing"});
  EXPECT_EQ(rule.priority, 50);
  EXPECT_FALSE(rule.only_for.always());
  EXPECT_EQ(rule.article, "how-to-pay-by-card");
  EXPECT_EQ(rule.position.line, 4);
  EXPECT_EQ(rule.position.column, 9);
}

TEST(RuleReaderTest, ReadsWhatFollowsADetection) {
  const auto set = LoadGood("everything.yaml");
  const Rule& rule = *set->Find("billing-page-loop");
  ASSERT_EQ(rule.cancel_on.size(), 3U);
  EXPECT_EQ(Names(*set, rule.cancel_on[1]),
            (Texts{"account_closed", "trial_ended"}));
  EXPECT_EQ(rule.cooldown, hours(168));
  EXPECT_EQ(rule.expires_after, hours(24));
  EXPECT_EQ(rule.success->within, hours(72));
  EXPECT_EQ(Names(*set, rule.success->event), Texts{"invoice_paid"});
  EXPECT_FALSE(rule.success->event.where.always());
  EXPECT_DOUBLE_EQ(rule.holdout, 0.1);
  EXPECT_EQ(rule.frequency_cap.at("email").count, 1);
  EXPECT_EQ(FormatQuietHours(rule.quiet_hours.at("sms")),
            "18:00-10:00, sat, sun");
}

TEST(RuleReaderTest, ReadsActions) {
  const auto set = LoadGood("everything.yaml");
  const auto& actions = set->Find("billing-page-loop")->actions;
  ASSERT_EQ(actions.size(), 3U);
  EXPECT_STREQ(ToString(actions[0].channel), "ticket");
  EXPECT_EQ(actions[0].desk, "rt");
  EXPECT_EQ(actions[0].queue, "billing");
  EXPECT_EQ(actions[0].priority, "normal");
  EXPECT_EQ(actions[0].template_name, "billing-help");
  EXPECT_STREQ(ToString(actions[1].channel), "email");
  EXPECT_EQ(actions[1].delay, minutes(10));
  EXPECT_EQ(actions[1].category, "service");
  EXPECT_STREQ(ToString(actions[2].channel), "sms");
  EXPECT_FALSE(actions[2].only_if.always());
  EXPECT_EQ(actions[2].position.line, 36);
  EXPECT_EQ(actions[2].template_position.column, 25);
}

TEST(RuleReaderTest, ReadsWhatIsBesideTheKindsParameters) {
  const auto set = LoadGood("everything.yaml");
  const Detect& detect = set->Find("billing-page-loop")->detect;
  EXPECT_EQ(detect.kind, "event_count");
  ASSERT_EQ(detect.group_by.size(), 2U);
  EXPECT_EQ(detect.group_by[1].path, "properties.region");
  EXPECT_EQ(set->symbols().properties.Text(detect.group_by[1].symbol),
            "region");
  EXPECT_EQ(Names(*set, *detect.unless), Texts{"invoice_paid"});
  EXPECT_TRUE(detect.ignore_late);
}

TEST(RuleReaderTest, ReadsCounts) {
  const auto set = LoadGood("kinds.yaml");
  const auto& few =
      std::get<EventCountSpec>(set->Find("few-log-ins")->detect.spec);
  EXPECT_EQ(few.bound.op, CountBound::Op::kLt);
  EXPECT_EQ(few.bound.count, 3);
  EXPECT_EQ(few.within, hours(168));
  EXPECT_EQ(Names(*set, few.event), (Texts{"logged_in", "session_started"}));
  const Rule& every = *set->Find("every-event");
  EXPECT_TRUE(std::get<EventCountSpec>(every.detect.spec).event.names.empty());
  EXPECT_EQ(every.detect.group_by[0].root, FieldRef::Root::kName);
  EXPECT_FALSE(every.detect.ignore_late);
  const auto& many =
      std::get<ValueCountSpec>(set->Find("many-addresses")->detect.spec);
  EXPECT_EQ(many.fields.size(), 2U);
  EXPECT_EQ(many.bound.op, CountBound::Op::kGte);
}

TEST(RuleReaderTest, ReadsFlappingAndAbsence) {
  const auto set = LoadGood("kinds.yaml");
  const auto& field =
      std::get<FlappingSpec>(set->Find("service-field")->detect.spec);
  EXPECT_EQ(field.field->path, "state");
  EXPECT_EQ(field.flips, 4);
  const auto& events =
      std::get<FlappingSpec>(set->Find("service-events")->detect.spec);
  EXPECT_FALSE(events.field.has_value());
  EXPECT_EQ(events.turned_off.names.size(), 2U);
  const auto& absence =
      std::get<AbsenceSpec>(set->Find("never-finished")->detect.spec);
  EXPECT_EQ(Names(*set, absence.after), Texts{"export_started"});
  EXPECT_EQ(absence.wait, hours(1));
  EXPECT_TRUE(absence.restart);
}

TEST(RuleReaderTest, ReadsSequences) {
  const auto set = LoadGood("kinds.yaml");
  const Rule& rule = *set->Find("steps");
  const auto& spec = std::get<SequenceSpec>(rule.detect.spec);
  ASSERT_EQ(spec.steps.size(), 8U);
  EXPECT_TRUE(spec.steps[0].negative);
  EXPECT_EQ(spec.steps[0].wait, hours(24));
  EXPECT_EQ(spec.steps[1].as, "first");
  EXPECT_EQ(spec.steps[2].event.names.size(), 2U);
  EXPECT_EQ(spec.steps[2].wait, std::nullopt);
  EXPECT_EQ(spec.steps[3].times, 2);
  EXPECT_EQ(Names(*set, *spec.steps[3].not_between), Texts{"invoice_paid"});
  EXPECT_TRUE(spec.steps[3].event.where.LooksBack());
  EXPECT_TRUE(spec.steps[4].optional);
  EXPECT_TRUE(spec.steps[6].next);
  EXPECT_EQ(spec.steps[7].wait, hours(1));
  EXPECT_EQ(spec.within, minutes(30));
  EXPECT_TRUE(spec.looks_back);
  EXPECT_EQ(Names(*set, *rule.detect.unless), Texts{"account_closed"});

  const auto& one = std::get<SequenceSpec>(set->Find("one-step")->detect.spec);
  EXPECT_EQ(one.within, std::nullopt);
  EXPECT_FALSE(one.looks_back);
}

TEST(RuleReaderTest, ShowsTheFieldsThatPatternsLookAtThenTheCause) {
  const auto set = LoadGood("everything.yaml");
  Texts shown;
  for (const FieldRef& f : set->Find("billing-page-loop")->shown_fields) {
    shown.push_back(f.path);
  }
  EXPECT_EQ(shown,
            (Texts{"page", "service", "region", "amount", "error_code"}));
  // A look back shows the field, of whatever event.
  const auto kinds = LoadGood("kinds.yaml");
  Texts looked;
  for (const FieldRef& f : kinds->Find("steps")->shown_fields) {
    EXPECT_EQ(f.step, 0);
    looked.push_back(f.path);
  }
  EXPECT_EQ(looked, (Texts{"amount", "page"}));
}

TEST(RuleReaderTest, YamlsTextsAreTexts) {
  const auto set = LoadGood("conditions.yaml");
  const Rule* rule = set->Find("007");
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->title, "7");
  EXPECT_EQ(rule->owner, "no");
  EXPECT_EQ(rule->tags, Texts{"one"});
  EXPECT_EQ(rule->status, RuleStatus::kDisabled);
  EXPECT_EQ(Names(*set, std::get<EventCountSpec>(rule->detect.spec).event),
            Texts{"404"});
}

TEST(RuleReaderTest, NamesItsWords) {
  EXPECT_STREQ(ToString(RuleStatus::kSimulation), "simulation");
  EXPECT_STREQ(ToString(Level::kInformational), "informational");
  EXPECT_STREQ(ToString(Level::kLow), "low");
  EXPECT_STREQ(ToString(Level::kHigh), "high");
  EXPECT_STREQ(ToString(Level::kCritical), "critical");
}

}  // namespace
}  // namespace premura
