// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>

#include "rules/mismatch.h"
#include "rules/rule_reader.h"

namespace premura {
namespace {

constexpr std::array kChannels = {
    Action::Channel::kTicket, Action::Channel::kEmail, Action::Channel::kSms};

std::string ChoiceText(Mapping mapping, std::string_view key,
                       const std::vector<std::string>& choices,
                       const std::string& fallback) {
  const auto choice = mapping.Get(key).AsChoice(key, choices);
  return choice ? choices[*choice] : fallback;
}

void ReadTicketKeys(Mapping mapping, Action* action) {
  action->desk = mapping.TextOr("desk", "");
  action->queue = mapping.TextOr("queue", "");
  action->priority =
      ChoiceText(mapping, "priority", {"low", "normal", "high", "urgent"}, "");
}

Action ReadAction(Action::Channel channel, const Node& node, Reading* reading) {
  Action action;
  action.channel = channel;
  Mapping mapping = node.AsMapping(ToString(channel));
  if (const Node name = mapping.Require("template")) {
    action.template_name = name.AsText("template").value_or("");
    action.template_position = name.position();
    if (action.template_name.empty()) name.Complain("`template` is empty");
  }
  action.delay = mapping.DurationOf("delay").value_or(Duration(0));
  action.category =
      ChoiceText(mapping, "category", {"service", "marketing"}, "service");
  action.only_if =
      ReadCondition(mapping.MappingOf("only_if"), {reading->symbols, true, {}});
  if (channel == Action::Channel::kTicket) ReadTicketKeys(mapping, &action);
  mapping.RejectOtherKeys(
      fmt::format("in `{}` of {}", ToString(channel), reading->rule));
  return action;
}

// Warns at an action that is carried out already.
void WarnOfAgain(const std::vector<Action>& before, const Action& action,
                 const Node& at) {
  for (const Action& other : before) {
    if (other.channel != action.channel || other.delay != action.delay ||
        other.template_name != action.template_name ||
        other.desk != action.desk || other.queue != action.queue ||
        ToText(other.only_if) != ToText(action.only_if)) {
      continue;
    }
    at.Warn(fmt::format("this action is that of line {} again",
                        other.position.line),
            "both are carried out");
    return;
  }
}

}  // namespace

std::vector<Action> ReadActions(const Node& list, Reading* reading) {
  std::vector<Action> actions;
  for (const Node& element : list.AsList("actions")) {
    Mapping mapping = element.AsMapping("actions");
    int given = 0;
    for (const auto channel : kChannels) {
      const char* name = ToString(channel);
      const Node node = mapping.Get(name);
      if (!mapping.Has(name)) continue;
      if (++given > 1) {
        mapping.ComplainAtKey(name, "an action has exactly one channel",
                              "begin another element with `-`");
      }
      if (!node) continue;
      Action action = ReadAction(channel, node, reading);
      action.position = mapping.KeyPosition(name);
      WarnOfAgain(actions, action, mapping.KeyNode(name));
      actions.push_back(std::move(action));
    }
    mapping.RejectOtherKeys("in `actions` of " + reading->rule);
    if (mapping && mapping.Entries().empty()) {
      element.Complain("an action names its channel: ticket, email or sms");
    }
  }
  return actions;
}

}  // namespace premura
