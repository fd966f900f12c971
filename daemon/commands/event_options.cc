// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/event_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cctype>
#include <filesystem>
#include <string_view>

#include "daemon/simulation/past_events.h"

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

namespace {

// What stands between the names of columns, if `head` looks like such a line;
// else 0. Names begin with a letter, which the lines of a log seldom do.
char SeparatorOf(std::string_view head) {
  if (head.find_first_of("{}[]") != head.npos) return 0;
  const auto is_name = [](std::string_view cell) {
    const std::size_t begin = cell.find_first_not_of(" \"");
    return begin != cell.npos &&
           std::isalpha(static_cast<unsigned char>(cell[begin])) != 0;
  };
  for (const char separator : {',', ';', '\t'}) {
    std::size_t names = 0, cells = 0;
    std::string_view rest = head;
    for (std::size_t end = 0; end != rest.npos; ++cells) {
      end = rest.find(separator);
      names += is_name(rest.substr(0, end)) ? 1 : 0;
      if (end != rest.npos) rest.remove_prefix(end + 1);
    }
    if (cells > 1 && names == cells) return separator;
  }
  return 0;
}

}  // namespace

std::string AdviceOnLines(const std::string& file, const std::string& head) {
  const std::size_t begin = head.find_first_not_of(" \t\r\n");
  if (begin == head.npos) return "";
  if (const char separator = SeparatorOf(head); separator != 0) {
    return fmt::format(
        "{0} looks like CSV, and events are JSON Lines, one object a line: "
        "`mlr {1} --ojsonl cat {0}` (package miller) writes it so",
        file,
        separator == ','   ? "--icsv"
        : separator == ';' ? "--icsv --ifs ';'"
                           : "--itsv");
  }
  const char last = head[head.find_last_not_of(" \t\r\n")];
  const bool list = head[begin] == '[' && last != ']';
  const bool object = head[begin] == '{' && head.find('}') == head.npos;
  if (!list && !object) return "";
  return fmt::format(
      "{0} looks like JSON over several lines, and one object a line is "
      "wanted: `jq -c {1} {0}` writes it so",
      file, list ? "'.[]'" : ".");
}

std::string AdviceOnFile(const std::string& file, std::size_t max_bytes) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return "";
  const auto events = OpenPastFile(file, max_bytes);
  if (!events.ok()) return "";
  const auto head = events.value()->Head(1);
  if (!head.ok() || head.value().empty()) return "";
  return AdviceOnLines(file, head.value()[0]);
}

Result<Preset> ReadPreset(const std::string& name) {
  if (const auto preset = ParsePreset(name)) return *preset;
  return Error{fmt::format(
      "there is no preset `{}`: segment, rudderstack, cloudevents, plain",
      name)};
}

}  // namespace premura
