// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/render_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <ostream>
#include <utility>

#include "daemon/assembly.h"
#include "daemon/commands/backtest_plan.h"
#include "daemon/commands/event_options.h"
#include "daemon/commands/rule_templates.h"
#include "daemon/rule_test/probe.h"
#include "daemon/sample_message.h"
#include "notifiers/profile_facts.h"
#include "rules/document.h"
#include "rules/isolated.h"
#include "rules/printable.h"
#include "rules/rule_set.h"
#include "rules/value.h"
#include "signals/json_reader.h"

namespace premura {
namespace {

constexpr const char* kSampleCustomer = "sample-customer";

class Planner {
 public:
  Planner(const RenderLine& given, const Io& io, RenderPlan* plan)
      : given_(given),
        io_(io),
        plan_(*plan),
        settings_(std::make_shared<OutreachSettings>()) {}

  int Make() {
    for (const auto step :
         {&Planner::ReadConfig, &Planner::ReadRules, &Planner::FindRule,
          &Planner::CheckTemplates, &Planner::FindProfile,
          &Planner::FindDetection, &Planner::SetValues}) {
      const int done = (this->*step)();
      if (done != kOk) return done;
    }
    plan_.rule = plan_.detection->rule;
    plan_.profile = std::make_shared<Profile>(values_, SaidByEvents());
    plan_.settings = settings_;
    NoteWhoIsShown();
    NoteWhomItIsFor();
    return kOk;
  }

 private:
  // A sample under a real customer's id is taken for what is known of them.
  void NoteWhoIsShown() const {
    const std::string& customer = plan_.detection->customer;
    if (!sample_ || customer == kSampleCustomer) return;
    *io_.err << fmt::format(
        "note: no profile of `{}` is known: name and address are a sample's; "
        "--profiles FILE says what is known\n",
        Printable(customer));
  }

  void NoteWhomItIsFor() const {
    const ProfileFacts facts(*plan_.profile, plan_.detection->rules->symbols());
    if (plan_.rule->only_for.Matches(facts)) return;
    *io_.err << "note: the rule is not for this customer (`only_for`), who "
                "would get none of this\n";
  }

  // One that nobody named, and that is not there, is not needed.
  int ReadConfig() {
    settings_->restraint = DefaultRestraint();
    settings_->sender = SampleSender();
    rule_paths_ = given_.rules;
    if (given_.config.empty() &&
        (!given_.rules.empty() || !ConfigPath(io_, "").ok())) {
      if (given_.rules.empty()) {
        return Fail(io_, "render needs --rules, or -c with rules in it",
                    kUsage);
      }
      *io_.err << "note: no configuration is named (-c): the sender is made "
                  "up\n";
    } else {
      config_ = LoadConfigToLook(io_, given_.config);
      if (config_ == nullptr) return kFailure;
      settings_->restraint = config_->restraint;
      settings_->sender = config_->sender;
      if (rule_paths_.empty()) rule_paths_ = config_->rules;
    }
    if (!given_.locale.empty()) {
      settings_->restraint.default_locale = given_.locale;
    }
    return kOk;
  }

  std::vector<std::string> TemplateFolders() const {
    if (!given_.templates.empty()) return given_.templates;
    if (config_ != nullptr && !config_->templates.empty()) {
      return config_->templates;
    }
    const auto files = ExpandRulePaths(rule_paths_);
    return files.ok() ? SiblingTemplates(files.value())
                      : std::vector<std::string>();
  }

  int ReadRules() {
    const std::vector<std::string> folders = TemplateFolders();
    if (folders.empty()) {
      return Fail(io_,
                  "there are no templates: no folder `templates` lies beside "
                  "the rules; say where with --templates");
    }
    Diagnostics diagnostics;
    settings_->templates = TemplateSet::Load(
        folders, settings_->restraint.default_locale, &diagnostics);
    LoadOptions options;
    if (settings_->templates) {
      options.extra_properties = settings_->templates->EventProperties();
    }
    LoadedRules loaded = LoadRulePaths(rule_paths_, options);
    diagnostics.insert(diagnostics.end(), loaded.diagnostics.begin(),
                       loaded.diagnostics.end());
    rules_ = loaded.sound;  // Another rule's mistake is no matter here.
    Say(std::move(diagnostics));
    return settings_->templates && rules_ ? kOk : kFailure;
  }

  int FindRule() {
    rule_ = rules_->Find(given_.rule);
    if (rule_ == nullptr) {
      std::vector<std::string> ids;
      for (const Rule& rule : rules_->rules()) ids.push_back(rule.id);
      const std::string nearest = Nearest(given_.rule, ids);
      return Fail(
          io_, fmt::format(
                   "there is no rule `{}` without a mistake{}", given_.rule,
                   nearest.empty() ? "" : "; did you mean `" + nearest + "`?"));
    }
    std::string channels;
    for (const Action& action : rule_->actions) {
      const char* const channel = ToString(action.channel);
      if (given_.channel.empty() || given_.channel == channel) return kOk;
      channels += (channels.empty() ? "" : ", ") + std::string(channel);
    }
    if (channels.empty()) {
      return Fail(io_, fmt::format("rule `{}` has no `actions`: it sends "
                                   "nothing",
                                   given_.rule));
    }
    return Fail(io_, fmt::format("rule `{}` has no {} among its actions: {}",
                                 given_.rule, given_.channel, channels));
  }

  int CheckTemplates() {
    Diagnostics found;
    for (const Action& action : rule_->actions) {
      const char* const channel = ToString(action.channel);
      if (!given_.channel.empty() && given_.channel != channel) continue;
      Diagnostics own = settings_->templates->Check(action.template_name,
                                                    channel, settings_->sender,
                                                    action.template_position);
      found.insert(found.end(), own.begin(), own.end());
    }
    const bool broken = HasErrors(found);
    Say(std::move(found));
    return broken ? kFailure : kOk;
  }

  // What is known of the customer, or a sample.
  int FindProfile() {
    std::vector<std::string> files;
    if (config_ != nullptr) files = config_->profile_files;
    if (!given_.profiles.empty()) files = {given_.profiles};
    Diagnostics diagnostics;
    known_ = ReadProfileFiles(files, rules_.get(), &diagnostics);
    const bool broken = HasErrors(diagnostics);
    Say(std::move(diagnostics));
    if (broken) return kFailure;
    const auto found = known_.find(given_.customer);
    if (found != known_.end()) {
      values_ = found->second;
    } else if (!files.empty() && !given_.customer.empty() &&
               given_.events.empty()) {
      return NoSuchCustomer();
    } else {
      values_ = SampleProfile();
      sample_ = true;
    }
    return kOk;
  }

  int NoSuchCustomer() const {
    std::vector<std::string> ids;
    for (const auto& [id, values] : known_) ids.push_back(id);
    const std::string nearest = Nearest(given_.customer, ids);
    return Fail(
        io_, fmt::format(
                 "the profiles have no customer `{}`{}", given_.customer,
                 nearest.empty() ? "" : "; did you mean `" + nearest + "`?"));
  }

  // The command line's word wins.
  int SetValues() {
    for (const std::string& one : given_.set) {
      const std::size_t equals = one.find('=');
      if (equals == one.npos || equals == 0) {
        return Fail(io_,
                    fmt::format("--set is `{}`: write PATH=VALUE, "
                                "tier=professional",
                                one),
                    kUsage);
      }
      std::string json;
      AppendJsonText(one.substr(equals + 1), &json);
      values_[one.substr(0, equals)] = json;
    }
    if (!given_.locale.empty()) {
      values_["locale"].clear();
      AppendJsonText(given_.locale, &values_["locale"]);
    }
    return kOk;
  }

  std::string Customer() const {
    return given_.customer.empty() ? kSampleCustomer : given_.customer;
  }

  int FindDetection() {
    return given_.events.empty() ? MakeUp() : FindInEvents();
  }

  int MakeUp() {
    std::optional<Timestamp> at;
    if (const Status read = ReadInstant(given_.at, "--at", &at); !read.ok()) {
      return Fail(io_, read.error().message, kUsage);
    }
    if (!at) at = std::chrono::floor<std::chrono::minutes>(SystemClock().Now());
    const RuleProbes probes = DeriveProbes(*rule_, *rules_);
    plan_.detection = MakeUpDetection(probes, *rule_, rules_, Customer(), *at);
    if (!plan_.detection) {
      return Fail(
          io_,
          fmt::format("no events could be made up that rule `{}` "
                      "finds{}; give some with --events",
                      given_.rule,
                      probes.problem.empty() ? "" : ": " + probes.problem));
    }
    *io_.err << "note: the events are made up from the rule's conditions; "
                "--events FILE shows real ones\n";
    // What the rule asks of the customer, where nobody says otherwise.
    if (sample_) {
      for (const auto& [path, json] : probes.profile) {
        values_[path] = json;
      }
    }
    return kOk;
  }

  // The newest detection of the rule, of this customer if one is named.
  class Newest final : public BacktestSink {
   public:
    Newest(const RenderLine& given, std::optional<Detection>* into)
        : given_(given), into_(*into) {}
    void OnDetection(const Detection& detection) override {
      if (detection.rule->id != given_.rule) return;
      if (!given_.customer.empty() && detection.customer != given_.customer) {
        return;
      }
      into_ = detection;
    }
    void OnContact(const SimulatedContact&) override {}
    bool WantsEvents() const override { return true; }
    void OnProfile(const ProfileChange& change) override { said.Merge(change); }
    ProfileStore said;

   private:
    const RenderLine& given_;
    std::optional<Detection>& into_;
  };

  int FindInEvents() {
    const auto how = MakeSurveyOptions(
        {.file = given_.events, .preset = given_.preset}, config_.get());
    if (!how.ok()) return Fail(io_, how.error().message, kUsage);
    auto events = OpenPastFile(given_.events, how.value().decoder.max_bytes);
    if (!events.ok()) return Fail(io_, events.error().message);
    BacktestOptions options;
    options.preset = how.value().preset;
    options.decoder = how.value().decoder;
    options.profiles = known_;
    Newest newest(given_, &plan_.detection);
    const auto ran =
        RunBacktest(events.value().get(), options, rules_, &newest);
    if (!ran.ok()) return Fail(io_, ran.error().message);
    if (!plan_.detection) {
      return Fail(
          io_,
          fmt::format(
              "rule `{}` finds nothing{} in {}", given_.rule,
              given_.customer.empty() ? "" : " of `" + given_.customer + "`",
              given_.events));
    }
    TakeWhatIsKnown(newest.said);
    return kOk;
  }

  // Nothing is made up of a real customer.
  void TakeWhatIsKnown(const ProfileStore& said) {
    const std::string& customer = plan_.detection->customer;
    const auto known = known_.find(customer);
    const auto profile = said.Get(customer);
    for (const auto& [path, value] : profile->from_events()) {
      if (!value.is_gone()) values_[path] = value.json;
    }
    if (known == known_.end()) return;
    for (const auto& [path, json] : known->second) values_[path] = json;
  }

  void Say(Diagnostics diagnostics) const {
    FillLines(&diagnostics);
    SortDiagnostics(&diagnostics);
    *io_.err << RenderText(diagnostics);
  }

  const RenderLine& given_;
  const Io& io_;
  RenderPlan& plan_;
  std::shared_ptr<OutreachSettings> settings_;
  std::shared_ptr<const Config> config_;
  std::vector<std::string> rule_paths_;
  std::shared_ptr<const RuleSet> rules_;
  const Rule* rule_ = nullptr;
  Profile::Values values_;
  std::map<std::string, Profile::Values> known_;  // By profile files.
  bool sample_ = false;                           // `values_` are made up.
};

}  // namespace

int MakeRenderPlan(const RenderLine& given, const Io& io, RenderPlan* plan) {
  return Planner(given, io, plan).Make();
}

}  // namespace premura
