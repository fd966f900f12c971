// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/event_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

namespace premura {

CLI::Option* AddEventOptions(CLI::App* command, EventOptions* options) {
  command->add_option(
      "--preset", options->preset,
      "segment, rudderstack, cloudevents or plain; by default recognised");
  return command->add_option("--events", options->file,
                             "JSON Lines; .gz, .zst, or - for standard input");
}

Result<SurveyOptions> MakeSurveyOptions(const EventOptions& options,
                                        const Config* config) {
  SurveyOptions made;
  made.events = options.file;
  if (config != nullptr) {
    made.decoder.customer_is_user = config->customer_is_user;
    made.decoder.profiles_from_events = config->profiles_from_events;
  }
  if (config != nullptr && !config->sources.empty()) {
    const SourceConfig& source = config->sources.front();
    made.preset = source.preset;
    made.decoder.mapping = source.mapping;
    made.decoder.max_bytes = source.max_bytes;
  }
  if (options.preset.empty()) return made;
  const auto preset = ReadPreset(options.preset);
  if (!preset.ok()) return preset.error();
  made.preset = preset.value();
  return made;
}

std::string AdviceOnLines(const std::string& file, const std::string& head) {
  const std::size_t begin = head.find_first_not_of(" \t\r\n");
  if (begin == head.npos) return "";
  const char last = head[head.find_last_not_of(" \t\r\n")];
  const bool list = head[begin] == '[' && last != ']';
  const bool object = head[begin] == '{' && head.find('}') == head.npos;
  if (!list && !object) return "";
  return fmt::format(
      "{0} looks like JSON over several lines, and one object a line is "
      "wanted: `jq -c {1} {0}` writes it so",
      file, list ? "'.[]'" : ".");
}

Result<Preset> ReadPreset(const std::string& name) {
  if (const auto preset = ParsePreset(name)) return *preset;
  return Error{fmt::format(
      "there is no preset `{}`: segment, rudderstack, cloudevents, plain",
      name)};
}

}  // namespace premura
