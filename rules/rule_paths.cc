// SPDX-License-Identifier: Apache-2.0
// Which files a list of files, folders and globs means.

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "rules/document.h"
#include "rules/hidden.h"
#include "rules/rule_set.h"

namespace premura {
namespace {

namespace fs = std::filesystem;

}  // namespace

bool IsTestsFile(std::string_view name) {
  return name.ends_with(".test.yaml") || name.ends_with(".test.yml");
}

namespace {

bool HasKey(std::string_view text, const std::string& key) {
  return text.starts_with(key + ":") ||
         text.find("\n" + key + ":") != text.npos;
}

// By its lines, so that one that is being written is passed over too. No rules
// file is: it has a version.
bool IsConfiguration(const fs::path& path) {
  const Result<std::string> text = ReadFile(path.string());
  return text.ok() && HasKey(text.value(), "sources") &&
         !HasKey(text.value(), "version");
}

bool IsRulesFile(const fs::path& path) {
  const std::string name = path.filename().string();
  const bool yaml = name.ends_with(".yaml") || name.ends_with(".yml");
  return yaml && !IsTestsFile(name) && !IsConfiguration(path);
}

// All below `folder`, but not below a folder `templates`.
Status AddFolder(const fs::path& folder, std::vector<std::string>* found) {
  std::error_code error;
  fs::recursive_directory_iterator at(folder, error), end;
  fs::path last = folder;  // Where it fails, if it does.
  for (; !error && at != end; at.increment(error)) {
    last = at->path();
    const bool hidden = IsHidden(last.string());
    if (at->is_directory(error)) {
      if (hidden || last.filename() == "templates") {
        at.disable_recursion_pending();
      }
    } else if (!hidden && IsRulesFile(last)) {
      found->push_back(at->path().string());
    }
  }
  if (error) return Error{last.string() + ": " + error.message()};
  return {};
}

std::vector<std::string> Glob(const std::string& pattern) {
  glob_t matches{};
  std::vector<std::string> paths;
  if (glob(pattern.c_str(), 0, nullptr, &matches) == 0) {
    paths.assign(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
  }
  globfree(&matches);
  return paths;
}

// What a glob finds is filtered as a folder's content is; a file that is
// named is taken whatever its name.
Status AddPattern(const std::string& pattern, std::vector<std::string>* found) {
  std::error_code error;
  if (fs::is_directory(pattern, error)) return AddFolder(pattern, found);
  if (fs::exists(pattern, error)) {
    found->push_back(pattern);
    return {};
  }
  for (const std::string& path : Glob(pattern)) {
    if (!fs::is_directory(path, error)) {
      if (IsRulesFile(path)) found->push_back(path);
    } else if (fs::path(path).filename() != "templates") {
      if (Status added = AddFolder(path, found); !added.ok()) return added;
    }
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> ExpandRulePaths(
    std::span<const std::string> patterns) {
  std::vector<std::string> paths;
  for (const std::string& pattern : patterns) {
    std::vector<std::string> found;
    if (Status added = AddPattern(pattern, &found); !added.ok()) {
      return added.error();
    }
    if (found.empty()) {
      return Error{fmt::format("`{}` names no rules file", pattern)};
    }
    for (const std::string& path : found) {
      paths.push_back(fs::path(path).lexically_normal().string());
    }
  }
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

}  // namespace premura
