// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/rule_templates.h"

#include <filesystem>
#include <set>

namespace premura {

std::vector<std::string> SiblingTemplates(
    const std::vector<std::string>& files) {
  std::set<std::string> folders;
  for (const std::string& file : files) {
    const auto folder = std::filesystem::path(file).parent_path() / "templates";
    std::error_code error;
    if (std::filesystem::is_directory(folder, error)) folders.insert(folder);
  }
  return {folders.begin(), folders.end()};
}

}  // namespace premura
