// SPDX-License-Identifier: Apache-2.0
// `premura render`: what a rule would send, without a daemon.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/daemon/command_line.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kRules[] = R"(version: 1
rules:
  - id: payment-fails
    title: Payment fails
    level: high
    article: pay
    cause: [error_code]
    only_for: {tier: gold}
    detect: {event_count: {event: payment_failed, where: {error_code|exists: true}, gte: 2, within: 15m}}
    actions:
      - ticket: {template: help, queue: billing, priority: high}
      - email: {template: help, delay: 10m}
      - sms: {template: help, only_if: {vip: "yes"}}
  - id: quiet-rule
    title: Sends nothing
    detect: {event_count: {event: x, gte: 2, within: 15m}}
)";

constexpr char kEnglish[] = R"(why: A payment failed.
email:
  subject: Can we help, {{customer.first_name}}?
  text: |
    {{customer.name}} ({{customer.tier}}), {{cause}}
    {{#ticket.id}}Your request is open.{{/ticket.id}}
ticket:
  subject: "{{rule.title}}: {{customer.id}}"
  text: |
    {{#evidence}}
    {{name}} {{details}}
    {{/evidence}}
    Done: {{done}}
sms: "{{sender.organisation}}: call {{sender.phone}}. STOP to opt out"
)";

constexpr char kItalian[] = R"(why: Un pagamento non va.
email:
  subject: Possiamo aiutarla?
  text: |
    Buongiorno{{#customer.first_name}} {{customer.first_name}}{{/customer.first_name}},
)";

constexpr char kStandard[] =
    "signature: \"{{sender.name}}\"\nfooter: \"{{why}} STOP\"\n";

class RenderTest : public ::testing::Test {
 protected:
  RenderTest() {
    folder_.Write("rules/a.yaml", kRules);
    folder_.Write("rules/templates/help.en.yaml", kEnglish);
    folder_.Write("rules/templates/help.it.yaml", kItalian);
    folder_.Write("rules/templates/_standard.en.yaml", kStandard);
    folder_.Write("rules/templates/_standard.it.yaml", kStandard);
  }

  Ran Render(std::vector<std::string> more,
             const std::string& rule = "payment-fails") const {
    std::vector<std::string> words = {"render",  rule,
                                      "--rules", folder_.Path("rules"),
                                      "--at",    "2026-01-05T10:00:00Z"};
    words.insert(words.end(), more.begin(), more.end());
    return Premura(std::move(words));
  }

  TempFolder folder_;
};

TEST_F(RenderTest, ShowsEachActionOfMadeUpEvents) {
  const Ran ran = Render({});
  EXPECT_EQ(ran.code, kOk) << ran.err;
  EXPECT_THAT(ran.out,
              StartsWith("== ticket  queue billing, priority high, template "
                         "help.en\n"
                         "Subject: Payment fails: sample-customer\n"
                         "\n"
                         "payment_failed error_code "));
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("Done: email held until 2026-01-05 11:10"),
                    HasSubstr("\n\n== email  to marta@acme.example, after 10m, "
                              "template help.en\n"
                              "Subject: Can we help, Marta?\n"
                              "\n"
                              "Marta Bianchi (gold), "),
                    HasSubstr("Your request is open."),
                    HasSubstr("Anna Rossi, Example support\n\n"
                              "A payment failed. STOP\n"),
                    HasSubstr("== sms  to +393331234501, template help.en, "),
                    HasSubstr("characters in 1 SMS\n"
                              "   (not to this customer: the action's "
                              "`only_if` does not hold)\n"
                              "\nExample: call +39 02 1234567. STOP")));
  EXPECT_THAT(ran.err, AllOf(HasSubstr("the sender is made up"),
                             HasSubstr("the events are made up")));
}

TEST_F(RenderTest, ChannelLanguageAndProfileMayBeChosen) {
  const Ran italian = Render(
      {"--channel", "email", "--locale", "it", "--set", "first_name=Ugo"});
  EXPECT_THAT(italian.out,
              AllOf(HasSubstr("template help.it"),
                    HasSubstr("Subject: Possiamo aiutarla?"),
                    HasSubstr("Buongiorno Ugo,"), Not(HasSubstr("ticket"))));
  const Ran french = Render({"--channel", "sms", "--locale", "fr", "--set",
                             "vip=yes", "--set", "phone=+33612345678"});
  EXPECT_THAT(french.out, AllOf(HasSubstr("to +33612345678"),
                                Not(HasSubstr("not to this customer"))));
  EXPECT_THAT(french.err, HasSubstr("note: template `help` has no sms in `fr`: "
                                    "shown in `en`"));
  const Ran html = Render({"--channel", "email", "--format", "html"});
  EXPECT_THAT(html.out, HasSubstr("<p>Marta Bianchi (gold), "));
  const Ran json = Render({"--format", "json"});
  EXPECT_THAT(json.out,
              AllOf(StartsWith(R"([{"channel":"ticket","template":"help",)"
                               R"("locale":"en","meant_for_customer":true,)"),
                    HasSubstr(R"("meant_for_customer":false)")));
}

TEST_F(RenderTest, ACustomerOfTheProfilesIsWrittenTo) {
  const std::string profiles = folder_.Write(
      "p.csv", "customer,name,tier,email\nacme,Rosa Verdi,gold,r@x.example\n");
  const Ran ran = Render(
      {"--profiles", profiles, "--customer", "acme", "--channel", "email"});
  EXPECT_EQ(ran.code, kOk) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("to r@x.example"),
                             HasSubstr("Rosa Verdi (gold)")));
  const Ran sms = Render(
      {"--profiles", profiles, "--customer", "acme", "--channel", "sms"});
  EXPECT_THAT(sms.out, HasSubstr("to nobody: no address is known"));
  EXPECT_THAT(sms.err, Not(HasSubstr("the rule is not for")));
  EXPECT_THAT(Render({"--set", "tier=tin"}).err,
              HasSubstr("note: the rule is not for this customer "
                        "(`only_for`), who would get none of this"));
  EXPECT_THAT(sms.err, Not(HasSubstr("no profile of")));
  EXPECT_THAT(Render({}).err, Not(HasSubstr("no profile of")));
  EXPECT_THAT(Render({"--customer", "nobody"}).err,
              HasSubstr("note: no profile of `nobody` is known: name and "
                        "address are a sample's; --profiles FILE says what is "
                        "known\n"));
  const Ran other = Render({"--profiles", profiles, "--customer", "acne"});
  EXPECT_EQ(other.code, kFailure);
  EXPECT_THAT(other.err, HasSubstr("the profiles have no customer `acne`; did "
                                   "you mean `acme`?"));
}

TEST_F(RenderTest, RealEventsAreShownAsTheyWere) {
  std::string events;
  for (int i = 0; i < 3; ++i) {
    events += R"({"customer":"acme","event":"payment_failed","error_code":"e)" +
              std::to_string(i) + R"(","ts":)" +
              std::to_string(1767225600 + i * 60) + "}\n";
  }
  folder_.Write("e.jsonl", events);
  const std::string profiles = folder_.Write(
      "p.csv", "customer,name,tier,email\nacme,Rosa Verdi,gold,r@x.example\n");
  const Ran ran = Render({"--events", folder_.Path("e.jsonl"), "--profiles",
                          profiles, "--channel", "email"});
  EXPECT_EQ(ran.code, kOk) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("Rosa Verdi (gold), e1\n"));
  EXPECT_THAT(ran.err, Not(HasSubstr("made up from")));
  const Ran nobody = Render({"--events", folder_.Path("e.jsonl")});
  EXPECT_EQ(nobody.code, kFailure);
  EXPECT_THAT(nobody.err, HasSubstr("rule `payment-fails` finds nothing in "));
  const Ran other = Render({"--events", folder_.Path("e.jsonl"), "--profiles",
                            profiles, "--customer", "bolt"});
  EXPECT_THAT(other.err, HasSubstr("finds nothing of `bolt` in "));
}

TEST_F(RenderTest, AnotherRulesFieldsAreNotShown) {
  folder_.Write("rules/b.yaml", R"(version: 1
rules:
  - id: risky
    title: Risky
    detect: {event_count: {event: payment_failed, where: {score|gte: 90}, gte: 9, within: 15m}}
)");
  const std::string event =
      R"({"customer":"acme","event":"payment_failed","error_code":"e1","score":12,"ts":17672256)";
  folder_.Write("e.jsonl", event + "00}\n" + event + "60}\n");
  const std::string profiles =
      folder_.Write("p.csv", "customer,tier\nacme,gold\n");
  const Ran ran = Render({"--events", folder_.Path("e.jsonl"), "--profiles",
                          profiles, "--channel", "ticket"});
  EXPECT_EQ(ran.code, kOk) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("\npayment_failed error_code e1\n"),
                             Not(HasSubstr("score"))));
}

TEST_F(RenderTest, SaysWhatIsWrong) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"--set", "x"}, "--set is `x`: write PATH=VALUE"},
      {{"--format", "html"}, "`--format html` goes with `--channel email`"},
  };
  for (const auto& [more, message] : cases) {
    const Ran ran = Render(more);
    EXPECT_EQ(ran.code, kUsage);
    EXPECT_THAT(ran.err, HasSubstr(message));
  }
  const Ran noon = Premura({"render", "payment-fails", "--rules",
                            folder_.Path("rules"), "--at", "noon"});
  EXPECT_EQ(noon.code, kUsage);
  EXPECT_THAT(noon.err, HasSubstr("--at is `noon`, which is no instant"));
  const Ran unknown = Render({}, "payment-fail");
  EXPECT_EQ(unknown.code, kFailure);
  EXPECT_THAT(unknown.err,
              HasSubstr("there is no rule `payment-fail` without a mistake; "
                        "did you mean `payment-fails`?"));
  EXPECT_THAT(Render({}, "quiet-rule").err,
              HasSubstr("rule `quiet-rule` has no `actions`: it sends "
                        "nothing"));
  folder_.Write("rules/a.yaml", std::string(kRules) +
                                    "    actions: [{email: {template: t}}]\n");
  EXPECT_THAT(Render({"--channel", "sms"}, "quiet-rule").err,
              HasSubstr("has no sms among its actions: email"));
  const Ran missing = Render({}, "quiet-rule");
  EXPECT_EQ(missing.code, kFailure);
  EXPECT_THAT(missing.err, HasSubstr("there is no template `t`"));
  EXPECT_THAT(Premura({"render", "x"}).err,
              HasSubstr("render needs --rules, or -c with rules in it"));
  TempFolder bare;
  bare.Write("a.yaml", kRules);
  EXPECT_THAT(
      Premura({"render", "payment-fails", "--rules", bare.Path("a.yaml")}).err,
      HasSubstr("there are no templates: no folder `templates` lies "
                "beside the rules"));
}

// Another rule's mistake keeps nobody from looking at this one.
TEST_F(RenderTest, ABrokenRuleIsInNobodysWay) {
  folder_.Write("rules/b.yaml", "version: 1\nrules: [{id: broken}]\n");
  const Ran ran = Render({"--channel", "email"});
  EXPECT_EQ(ran.code, kOk);
  EXPECT_THAT(ran.err, HasSubstr("b.yaml:2:"));
  EXPECT_THAT(ran.out, HasSubstr("Can we help, Marta?"));
}

TEST_F(RenderTest, TheConfigurationSaysWhoWrites) {
  folder_.Write("premura.yaml", R"(
sources: [{file: {path: e.jsonl}}]
rules: [rules]
templates: [rules/templates]
state: {dir: state}
sender: {organisation: Acme, name: Ada, phone: "+391", address: a@acme.example}
)");
  folder_.Write("e.jsonl", "");
  const Ran ran = Premura({"render", "payment-fails", "-c",
                           folder_.Path("premura.yaml"), "--channel", "sms"});
  EXPECT_EQ(ran.code, kOk) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("Acme: call +391. STOP"));
}

}  // namespace
}  // namespace premura
