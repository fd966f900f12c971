// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/missing_path.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "daemon/config/config_reader.h"
#include "rules/document.h"

namespace premura {
namespace {

namespace fs = std::filesystem;

using Named = std::vector<std::pair<std::string, SourcePosition>>;

// What the configuration names, and where.
Named NamedPaths(const Config& config) {
  const Document document = Document::Load(config.path);
  Mapping root = document.root().AsMapping("configuration");
  Mapping profiles = root.MappingOf("profiles");
  const fs::path folder = fs::absolute(config.path).parent_path();
  const ConfigOptions options;
  Config unused;
  const ConfigReader reader(folder.lexically_normal(), &options, &unused);
  Named named;
  for (const Node& list :
       {root.Get("rules"), root.Get("templates"), profiles.Get("files")}) {
    if (!list) continue;
    for (const Node& node : list.AsListOrScalar("paths")) {
      const auto path = node.AsText("path");
      if (path) named.emplace_back(reader.Absolute(*path), node.position());
    }
  }
  return named;
}

// The rules' one is in the message alone: it may be a pattern.
bool IsAbout(const Diagnostic& mistake, const std::string& path) {
  return mistake.where.file.empty()
             ? mistake.message.starts_with("`" + path + "`")
             : mistake.where.file == path;
}

}  // namespace

void PlaceMissing(const Config& config, Diagnostics* diagnostics) {
  for (Diagnostic& mistake : *diagnostics) {
    std::error_code error;
    const bool missing = mistake.severity == Diagnostic::Severity::kError &&
                         mistake.where.line == 0 &&
                         !fs::exists(mistake.where.file, error);
    if (!missing) continue;
    for (const auto& [path, where] : NamedPaths(config)) {
      if (!IsAbout(mistake, path)) continue;
      if (!mistake.where.file.empty()) {
        mistake.message = path + ": " + mistake.message;
      }
      mistake.where = where;
      break;
    }
  }
}

}  // namespace premura
