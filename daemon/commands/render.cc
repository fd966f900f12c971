// SPDX-License-Identifier: Apache-2.0
// `premura render`: what a rule would send, without a daemon.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "daemon/commands/commands.h"
#include "daemon/commands/render_plan.h"
#include "daemon/sample_message.h"
#include "notifiers/gsm7.h"
#include "notifiers/json_writer.h"
#include "rules/readable_duration.h"

namespace premura {
namespace {

// "ticket  queue billing, priority normal", "email  to Marta <m@x>, in it"
std::string Head(const Message& message, const Action& action) {
  std::string head = ToString(action.channel);
  std::string about;
  const auto add = [&about](const std::string& words) {
    about += (about.empty() ? "" : ", ") + words;
  };
  if (action.channel == Action::Channel::kTicket) {
    if (!message.queue.empty()) add("queue " + message.queue);
    if (!message.priority.empty()) add("priority " + message.priority);
  } else {
    add(message.to.empty() ? "to nobody: no address is known"
                           : "to " + message.to);
  }
  if (action.delay > Duration::zero()) {
    add("after " + ReadableDuration(action.delay));
  }
  add(fmt::format("template {}.{}", action.template_name, message.locale));
  if (action.channel == Action::Channel::kSms) {
    const SmsShape shape = MeasureSms(message.text);
    add(fmt::format("{} characters in {} SMS", shape.units, shape.segments));
  }
  return head + "  " + about;
}

void PrintText(const Message& message, const Action& action, bool meant,
               std::ostream* out) {
  *out << "== " << Head(message, action) << '\n';
  if (!meant) {
    *out << "   (not to this customer: the action's `only_if` does not hold)\n";
  }
  if (!message.subject.empty()) *out << "Subject: " << message.subject << '\n';
  *out << '\n' << message.text;
  if (!message.text.ends_with('\n')) *out << '\n';
}

std::string Json(const Message& message, const Action& action, bool meant) {
  return JsonObject([&](Members& members) {
    members.Text("channel", ToString(action.channel));
    members.Text("template", action.template_name);
    members.Text("locale", message.locale);
    members.Flag("meant_for_customer", meant);
    members.Text("to", message.to);
    members.Text("queue", message.queue);
    members.Text("priority", message.priority);
    members.Text("subject", message.subject);
    members.Text("text", message.text);
    members.Text("html", message.html);
  });
}

// Another language than was asked for is no mistake, but no secret either.
void NoteLocale(const RenderLine& given, const Message& message,
                const Action& action, const Io& io) {
  if (given.locale.empty() || message.locale == given.locale) return;
  *io.err << fmt::format(
      "note: template `{}` has no {} in `{}`: shown in "
      "`{}`\n",
      action.template_name, ToString(action.channel), given.locale,
      message.locale);
}

int Render(const RenderLine& given, const Io& io) {
  RenderPlan plan;
  const int made = MakeRenderPlan(given, io, &plan);
  if (made != kOk) return made;
  std::vector<std::string> objects;
  bool first = true;
  for (std::size_t i = 0; i < plan.rule->actions.size(); ++i) {
    const Action& action = plan.rule->actions[i];
    if (!given.channel.empty() && given.channel != ToString(action.channel)) {
      continue;
    }
    const auto message =
        MakeSampleMessage(*plan.detection, i, *plan.profile, *plan.settings);
    if (!message.ok()) return Fail(io, message.error().message);
    const bool meant = IsMeantFor(action, *plan.detection, *plan.profile);
    NoteLocale(given, message.value(), action, io);
    if (given.format == "json") {
      objects.push_back(Json(message.value(), action, meant));
    } else if (given.format == "html") {
      *io.out << message.value().html;
    } else {
      if (!std::exchange(first, false)) *io.out << '\n';
      PrintText(message.value(), action, meant, io.out);
    }
  }
  if (given.format == "json") {
    *io.out << JsonList(objects, [](const auto& one) { return one; }) << '\n';
  }
  return kOk;
}

int Run(const RenderLine& given, const Io& io) {
  if (given.format == "html" && given.channel != "email") {
    return Fail(io, "`--format html` goes with `--channel email`", kUsage);
  }
  return Render(given, io);
}

}  // namespace

void AddRender(CLI::App* app, const Io& io, Chosen* chosen) {
  auto options = std::make_shared<RenderLine>();
  CLI::App* const command = app->add_subcommand(
      "render",
      "Show the ticket, mail and SMS that a rule would send, of made-up events "
      "or real ones, to a sample customer or a known one. Nothing is sent.");
  command->add_option("RULE", options->rule, "The rule's id")->required();
  const auto option = [command](const char* name, auto* into,
                                const char* help) {
    return command->add_option(name, *into, help);
  };
  option("--customer", &options->customer,
         "A customer of the profiles, or of --events; by default a sample");
  option("--set", &options->set,
         "PATH=VALUE of the customer's profile, tier=professional; more than "
         "once");
  option("--locale", &options->locale,
         "Language, as `it`; of tickets too. By default as it would be sent");
  option("--channel", &options->channel, "Only this: ticket, email or sms")
      ->check(CLI::IsMember({"ticket", "email", "sms"}));
  option("--rules", &options->rules,
         "Rule files, folders or patterns; by default the configuration's");
  option("--templates", &options->templates,
         "Folders of templates; by default the configuration's, else those "
         "called `templates` beside the rules");
  option("--profiles", &options->profiles,
         "Profiles of customers: CSV or JSON Lines");
  option("--events", &options->events,
         "JSON Lines, .gz, .zst: the last that the rule finds in these events "
         "is shown");
  option("--preset", &options->preset,
         "segment, rudderstack, cloudevents or plain; by default recognised");
  option("--at", &options->at, "When made-up events happen; by default now");
  AddConfigOption(command, &options->config);
  option("--format", &options->format,
         "text, json, or html (of an email: what a mail program shows)")
      ->check(CLI::IsMember({"text", "json", "html"}))
      ->capture_default_str();
  command->callback([options, io, chosen] {
    *chosen = [options, io] { return Run(*options, io); };
  });
}

}  // namespace premura
