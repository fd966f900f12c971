// SPDX-License-Identifier: Apache-2.0
#include "daemon/assembly.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "daemon/advice/profile_advice.h"
#include "daemon/advice/rule_advice.h"
#include "daemon/config/missing_path.h"
#include "rules/document.h"
#include "rules/readable_duration.h"

namespace premura {
namespace {

// "file:12: what" as others say it, taken apart.
Diagnostic FromLine(const std::string& path, std::string_view line) {
  Diagnostic diagnostic;
  diagnostic.where.file = path;
  if (line.starts_with(path + ":")) line.remove_prefix(path.size() + 1);
  int number = 0;
  const char* const end = line.data() + line.size();
  const auto [stop, error] = std::from_chars(line.data(), end, number);
  if (error == std::errc() && stop != end && *stop == ':') {
    diagnostic.where.line = number;
    diagnostic.where.column = 1;
    line.remove_prefix(static_cast<std::size_t>(stop - line.data()) + 1);
  }
  while (line.starts_with(' ')) line.remove_prefix(1);
  diagnostic.message = line;
  return diagnostic;
}

void Append(Diagnostics from, Diagnostics* to) {
  to->insert(to->end(), std::make_move_iterator(from.begin()),
             std::make_move_iterator(from.end()));
}

// Every fact there, so that only what a template itself gets wrong is said.
SenderFacts AnySender() {
  SenderFacts sender;
  sender.organisation = sender.name = sender.phone = sender.hours = "x";
  sender.address = "x@example.com";
  sender.help_url = sender.stop_url = "https://example.com/";
  sender.extra_unknown = true;
  return sender;
}

// What is wrong with the channel that an action needs; empty if nothing.
std::string ChannelProblem(const Action& action, const Config& config,
                           std::string* hint) {
  switch (action.channel) {
    case Action::Channel::kEmail:
      *hint = "add `email` to the configuration";
      return config.email ? "" : "no `email` is configured";
    case Action::Channel::kSms:
      *hint = "add `sms` to the configuration";
      return config.sms ? "" : "no `sms` is configured";
    case Action::Channel::kTicket:
      break;
  }
  *hint = "add it below `tickets` in the configuration";
  if (action.desk.empty()) {
    return config.tickets.empty() ? "no desk is configured" : "";
  }
  std::vector<std::string> desks;
  for (const auto& [name, options] : config.tickets) desks.push_back(name);
  if (std::find(desks.begin(), desks.end(), action.desk) != desks.end()) {
    return "";
  }
  const std::string nearest = Nearest(action.desk, desks);
  if (!nearest.empty()) *hint = fmt::format("did you mean `{}`?", nearest);
  return fmt::format("there is no desk `{}`", action.desk);
}

void CheckChannel(const Rule& rule, const Action& action, const Config& config,
                  Diagnostics* diagnostics) {
  std::string hint;
  const std::string problem = ChannelProblem(action, config, &hint);
  if (problem.empty()) return;
  Diagnostic diagnostic;
  diagnostic.severity = Diagnostic::Severity::kWarning;
  diagnostic.where = action.position;
  diagnostic.message = fmt::format(
      "{}: this action of rule `{}` will only be recorded", problem, rule.id);
  diagnostic.hint = hint;
  diagnostics->push_back(std::move(diagnostic));
}

// What looks back further than the ledger does would not find what it looks
// for, and never restrain anybody.
class RetentionCheck {
 public:
  RetentionCheck(const Config& config, Diagnostics* diagnostics)
      : config_(config), diagnostics_(diagnostics) {}

  void Check(const RuleSet& rules) {
    SourcePosition whole;
    whole.file = config_.path;
    CheckCaps(config_.restraint.frequency_cap, "`restraint`", whole);
    for (const Rule& rule : rules.rules()) {
      const std::string where = fmt::format("rule `{}`", rule.id);
      CheckCaps(rule.frequency_cap, where, rule.position);
      if (rule.cooldown) {
        CheckOne(*rule.cooldown, "`cooldown` of " + where, rule.position);
      }
    }
  }

 private:
  void CheckCaps(const FrequencyCaps& caps, const std::string& where,
                 const SourcePosition& position) {
    for (const auto& [channel, cap] : caps) {
      CheckOne(cap.window,
               fmt::format("`frequency_cap` for `{}` of {}", channel, where),
               position);
    }
  }

  void CheckOne(Duration back, const std::string& what,
                const SourcePosition& position) {
    if (back <= config_.ledger_retention) return;
    Diagnostic diagnostic;
    diagnostic.where = position;
    diagnostic.message = fmt::format(
        "{} looks back {}, but the ledger forgets after {}", what,
        ReadableDuration(back), ReadableDuration(config_.ledger_retention));
    diagnostic.hint = fmt::format("set `ledger_retention` to {} at least",
                                  FormatDuration(back));
    diagnostics_->push_back(std::move(diagnostic));
  }

  const Config& config_;
  Diagnostics* const diagnostics_;
};

std::shared_ptr<Channel> MakeDesk(const DeskOptions& options,
                                  TransferPool* pool, const Clock* clock) {
  struct Maker {
    TransferPool* pool;
    const Clock* clock;
    std::unique_ptr<Channel> operator()(const RtOptions& rt) const {
      return NewRtChannel(rt, pool);
    }
    std::unique_ptr<Channel> operator()(const RedmineOptions& redmine) const {
      return NewRedmineChannel(redmine, pool);
    }
    std::unique_ptr<Channel> operator()(const WebhookOptions& webhook) const {
      return NewWebhookChannel(webhook, pool, clock);
    }
    std::unique_ptr<Channel> operator()(const FileChannelOptions& file) const {
      return NewFileChannel(file);
    }
  };
  return std::visit(Maker{pool, clock}, options);
}

std::shared_ptr<Channel> MakeEmail(const EmailConfig& email,
                                   TransferPool* pool) {
  if (email.directory.empty()) return NewSmtpChannel(email.smtp, pool);
  FileChannelOptions file;
  file.channel = "email";
  file.directory = email.directory;
  file.mail = email.smtp;
  return NewFileChannel(file);
}

std::shared_ptr<Channel> MakeSms(const SmsConfig& sms, TransferPool* pool) {
  if (const auto* kannel = std::get_if<KannelOptions>(&sms.gateway)) {
    return NewKannelChannel(*kannel, pool);
  }
  if (const auto* twilio = std::get_if<TwilioOptions>(&sms.gateway)) {
    return NewTwilioChannel(*twilio, pool);
  }
  return NewFileChannel(std::get<FileChannelOptions>(sms.gateway));
}

}  // namespace

void FillLines(Diagnostics* diagnostics) {
  std::map<std::string, std::vector<std::string>> files;
  for (Diagnostic& diagnostic : *diagnostics) {
    const SourcePosition& at = diagnostic.where;
    if (at.line < 1 || !diagnostic.line.empty()) continue;
    const auto [file, fresh] = files.try_emplace(at.file);
    if (fresh) {
      const Result<std::string> text = ReadFile(at.file, kLargestShown);
      std::string_view rest = text.ok() ? text.value() : std::string_view();
      while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        file->second.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
    }
    const auto line = static_cast<std::size_t>(at.line - 1);
    if (line >= file->second.size()) continue;
    // A longer one is nothing to read.
    constexpr std::size_t kLongestLine = 1000;
    if (file->second[line].size() > kLongestLine) continue;
    diagnostic.line = file->second[line];
  }
}

std::map<std::string, Profile::Values> ReadProfileFiles(
    const std::vector<std::string>& paths, const RuleSet* rules,
    Diagnostics* diagnostics) {
  std::map<std::string, Profile::Values> all;
  std::set<std::string> dates;
  if (rules != nullptr) dates = DateFields(*rules);
  for (const std::string& path : paths) {
    Result<std::map<std::string, Profile::Values>> file = ReadProfileFile(path);
    if (!file.ok()) {
      std::string_view rest = file.error().message;
      while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        if (end > 0) {
          diagnostics->push_back(FromLine(path, rest.substr(0, end)));
        }
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
      continue;
    }
    WarnOfProfiles(path, file.value(), dates, diagnostics);
    for (auto& [customer, values] : file.value()) {
      Profile::Values& merged = all[customer];
      for (auto& [key, value] : values) merged[key] = std::move(value);
    }
  }
  return all;
}

void CheckActions(const RuleSet& rules, const TemplateSet& templates,
                  const Config* config, Diagnostics* diagnostics) {
  const SenderFacts sender = config ? config->sender : AnySender();
  for (const Rule& rule : rules.rules()) {
    for (const Action& action : rule.actions) {
      if (config) CheckChannel(rule, action, *config, diagnostics);
      if (action.template_name.empty()) continue;
      Append(templates.Check(action.template_name, ToString(action.channel),
                             sender, action.template_position),
             diagnostics);
    }
  }
  WarnOfMissingEvents(rules, templates, diagnostics);
}

bool HasAllChannels(const RuleSet& rules, const Config& config) {
  std::string hint;
  for (const Rule& rule : rules.rules()) {
    for (const Action& action : rule.actions) {
      if (!ChannelProblem(action, config, &hint).empty()) return false;
    }
  }
  return true;
}

LoadedAssembly Assemble(const Config& config, const RuleSet* previous) {
  LoadedAssembly loaded;
  Diagnostics* const diagnostics = &loaded.diagnostics;
  auto assembly = std::make_shared<Assembly>();
  assembly->templates = TemplateSet::Load(
      config.templates, config.restraint.default_locale, diagnostics);
  LoadOptions options;
  options.previous = previous;
  if (assembly->templates) {
    options.extra_properties = assembly->templates->EventProperties();
  }
  LoadedRules rules = LoadRulePaths(config.rules, options);
  Append(std::move(rules.diagnostics), diagnostics);
  assembly->rules = loaded.rules = rules.rules;
  loaded.sound = rules.sound;
  if (assembly->rules && assembly->templates) {
    CheckActions(*assembly->rules, *assembly->templates, &config, diagnostics);
    WarnOfLanguages(*assembly->rules, *assembly->templates, diagnostics);
  }
  if (assembly->rules) {
    RetentionCheck(config, diagnostics).Check(*assembly->rules);
    WarnOfDelays(*assembly->rules, diagnostics);
    WarnOfLoosening(*assembly->rules, config.restraint, diagnostics);
  }
  assembly->profiles = ReadProfileFiles(config.profile_files,
                                        assembly->rules.get(), diagnostics);
  if (assembly->rules && !config.profiles_from_events) {
    WarnOfNobody(*assembly->rules, assembly->profiles, diagnostics);
  }
  PlaceMissing(config, diagnostics);
  FillLines(diagnostics);
  SortDiagnostics(diagnostics);
  const bool whole = assembly->rules && assembly->templates;
  if (whole && !HasErrors(*diagnostics)) loaded.assembly = std::move(assembly);
  return loaded;
}

std::shared_ptr<const OutreachSettings> MakeSettings(const Config& config,
                                                     const Assembly& assembly,
                                                     TransferPool* pool,
                                                     const Clock* clock) {
  auto settings = std::make_shared<OutreachSettings>();
  settings->rules = assembly.rules;
  settings->restraint = config.restraint;
  settings->sender = config.sender;
  settings->templates = assembly.templates;
  settings->retry = config.retry;
  for (const auto& [name, desk] : config.tickets) {
    settings->desks.emplace_back(name, MakeDesk(desk, pool, clock));
  }
  if (config.email) {
    settings->email = MakeEmail(*config.email, pool);
    settings->email_limit = config.email->limit;
  }
  if (config.sms) {
    settings->sms = MakeSms(*config.sms, pool);
    settings->sms_limit = config.sms->limit;
  }
  return settings;
}

}  // namespace premura
