// SPDX-License-Identifier: Apache-2.0
#include "daemon/backtest/rules_at_ref.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/assembly.h"
#include "daemon/run_program.h"

namespace premura {
namespace {

namespace fs = std::filesystem;

class TemporaryFolder {
 public:
  TemporaryFolder() = default;
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  Status Make() {
    std::error_code error;
    std::string name = fs::temp_directory_path(error) / "premura-XXXXXX";
    if (error || mkdtemp(name.data()) == nullptr) {
      return Error{"cannot make a temporary folder: " +
                   std::string(std::strerror(errno))};
    }
    path_ = name;
    return {};
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// What git prints; its own words if it fails.
Result<std::string> Git(const fs::path& folder,
                        std::vector<std::string> arguments) {
  std::vector<std::string> words = {"git", "-C", folder.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  Result<ProgramOutput> ran = RunProgram(words);
  if (!ran.ok()) return ran.error();
  if (ran.value().code == 0) return std::move(ran.value().out);
  const std::string& why = ran.value().err;
  return Error{"git: " + why.substr(0, why.find('\n'))};
}

std::string WithoutLineEnd(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

// The deepest folder that is there now and holds all that a pattern can mean.
fs::path FolderOf(const std::string& pattern) {
  std::error_code error;
  fs::path folder = fs::absolute(pattern, error).lexically_normal();
  const auto is_fixed = [](const fs::path& path) {
    return path.string().find_first_of("*?[") == std::string::npos;
  };
  while (folder.has_relative_path() &&
         !(is_fixed(folder) && fs::is_directory(folder, error))) {
    folder = folder.parent_path();
  }
  return folder;
}

// A commit that somebody made by hand can name `..` or `/etc/x`.
bool StaysInside(const fs::path& path) {
  return path.is_relative() &&
         std::none_of(path.begin(), path.end(), [](const fs::path& part) {
           return part.empty() || part == "." || part == "..";
         });
}

// The files of `commit` below `prefix`, written below `to`.
Status WriteTree(const fs::path& folder, const std::string& commit,
                 const std::string& prefix, const fs::path& to) {
  std::vector<std::string> list = {"ls-tree", "-r", "-z", "--full-tree",
                                   commit};
  if (!prefix.empty()) list.insert(list.end(), {"--", prefix});
  const Result<std::string> tree = Git(folder, list);
  if (!tree.ok()) return tree.error();
  std::string_view rest = tree.value();
  while (!rest.empty()) {  // "100644 blob HASH\tPATH\0"
    const std::string_view entry = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(entry.size() + 1, rest.size()));
    const std::size_t tab = entry.find('\t');
    if (!entry.starts_with("100") || tab == entry.npos) continue;
    const std::string_view about = entry.substr(0, tab);
    const fs::path path = entry.substr(tab + 1);
    if (path.extension() != ".yaml" && path.extension() != ".yml") continue;
    if (!StaysInside(path)) {
      return Error{fmt::format("commit {} names `{}`, which leaves its folder",
                               commit, path.string())};
    }
    const Result<std::string> text = Git(
        folder,
        {"cat-file", "blob", std::string(about.substr(about.rfind(' ') + 1))});
    if (!text.ok()) return text.error();
    std::error_code error;
    fs::create_directories((to / path).parent_path(), error);
    std::ofstream file(to / path, std::ios::binary);
    if (!(file << text.value()).flush()) {
      return Error{(to / path).string() + ": cannot be written"};
    }
  }
  return {};
}

// Answers what the pattern is in the copy.
Result<std::string> Copy(const std::string& ref, const std::string& pattern,
                         const fs::path& to) {
  const fs::path folder = FolderOf(pattern);
  // With the path from the work tree's root, "rules/", or empty.
  const Result<std::string> prefix =
      Git(folder, {"rev-parse", "--show-prefix"});
  if (!prefix.ok()) return prefix.error().WithContext(pattern);
  const Result<std::string> commit =
      Git(folder, {"rev-parse", "--verify", "--quiet", ref + "^{commit}"});
  if (!commit.ok()) {
    return Error{
        fmt::format("`{}` is no path, and no branch, tag or commit of {}", ref,
                    folder.string())};
  }
  const std::string inside = WithoutLineEnd(prefix.value());
  Status written =
      WriteTree(folder, WithoutLineEnd(commit.value()), inside, to);
  if (!written.ok()) return written.error();
  std::error_code error;
  const fs::path below = fs::absolute(pattern, error)
                             .lexically_normal()
                             .lexically_relative(folder);
  return (to / inside / below).lexically_normal().string();
}

}  // namespace

Result<LoadedRules> LoadRulesAtRef(const std::string& ref,
                                   std::span<const std::string> patterns) {
  if (ref.empty() || ref.front() == '-') {
    return Error{fmt::format("`{}` is no path and no git ref", ref)};
  }
  TemporaryFolder copy;
  if (Status made = copy.Make(); !made.ok()) return made.error();
  std::vector<std::string> copied;
  for (const std::string& pattern : patterns) {
    Result<std::string> at = Copy(ref, pattern, copy.path());
    if (!at.ok()) return at.error();
    copied.push_back(std::move(at).value());
  }
  LoadedRules rules = LoadRulePaths(copied, {});
  FillLines(&rules.diagnostics);
  const std::string prefix = copy.path().string() + "/";
  for (Diagnostic& diagnostic : rules.diagnostics) {
    for (std::string* text : {&diagnostic.where.file, &diagnostic.message}) {
      for (std::size_t at = text->find(prefix); at != text->npos;
           at = text->find(prefix)) {
        text->replace(at, prefix.size(), ref + ":");
      }
    }
  }
  return rules;
}

}  // namespace premura
