// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/output_file.h"

#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "rules/rule_set.h"

namespace premura {

Status CheckOutput(const char* option, const std::string& out,
                   std::span<const std::string> files,
                   std::span<const std::string> patterns) {
  if (out.empty()) return {};
  std::vector<std::string> read(files.begin(), files.end());
  for (const std::string& pattern : patterns) {
    // One that names nothing is for others to tell.
    const auto paths = ExpandRulePaths({&pattern, 1});
    if (!paths.ok()) continue;
    read.insert(read.end(), paths.value().begin(), paths.value().end());
  }
  for (const std::string& path : read) {
    std::error_code error;
    if (!std::filesystem::equivalent(out, path, error)) continue;
    return Error{fmt::format("`{}` is a file that is read: {}", option, path)};
  }
  return {};
}

}  // namespace premura
