// SPDX-License-Identifier: Apache-2.0
// `--events FILE --preset P`, for commands that look at a file of events.

#pragma once

#include <cstddef>
#include <string>

#include "daemon/config/config.h"
#include "rules/result.h"
#include "signals/event_survey.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace premura {

struct EventOptions {
  std::string file;
  std::string preset;
};

// Answers that of `--events`.
CLI::Option* AddEventOptions(CLI::App* command, EventOptions* options);

// How `file`, of which `head` is the first line, becomes one object a line;
// empty if it looks neither like JSON that is spread over lines nor like CSV.
std::string AdviceOnLines(const std::string& file, const std::string& head);
// The same of a file, whose first line is read; a pipe is left alone.
std::string AdviceOnFile(const std::string& file, std::size_t max_bytes);

// What `--preset` says.
Result<Preset> ReadPreset(const std::string& name);

// The command line over what the configuration's first source says, if there
// is a configuration.
Result<SurveyOptions> MakeSurveyOptions(const EventOptions& options,
                                        const Config* config);

}  // namespace premura
