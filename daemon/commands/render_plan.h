// SPDX-License-Identifier: Apache-2.0
// What `premura render` needs before it can show a message: rule, templates,
// sender, customer, and a detection, real or made up.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/commands/commands.h"
#include "notifiers/outreach.h"
#include "signals/detection.h"
#include "signals/profile.h"

namespace premura {

// As written.
struct RenderLine {
  std::string rule;
  std::string customer;
  std::string locale;
  std::string channel;
  std::vector<std::string> rules;
  std::vector<std::string> templates;
  std::vector<std::string> set;  // PATH=VALUE, of the profile.
  std::string profiles;
  std::string events;
  std::string preset;
  std::string config;
  std::string at;
  std::string format = "text";
};

struct RenderPlan {
  std::shared_ptr<const OutreachSettings> settings;
  std::shared_ptr<const Profile> profile;
  std::optional<Detection> detection;
  const Rule* rule = nullptr;  // As the detection has it.
};

// kOk, or what the command answers; it has been said why.
int MakeRenderPlan(const RenderLine& given, const Io& io, RenderPlan* plan);

}  // namespace premura
