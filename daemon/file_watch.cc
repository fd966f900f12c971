// SPDX-License-Identifier: Apache-2.0
#include "daemon/file_watch.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

namespace premura {
namespace {

namespace fs = std::filesystem;

constexpr int kMostEntries = 20000;

void AddFile(const std::string& path, std::string* look) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    fmt::format_to(std::back_inserter(*look), "{}\n", path);
    return;
  }
  fmt::format_to(std::back_inserter(*look), "{} {} {}.{} {}\n", path,
                 info.st_ino, info.st_mtim.tv_sec, info.st_mtim.tv_nsec,
                 info.st_size);
}

void AddFolder(const std::string& path, std::string* look) {
  std::vector<std::string> entries;
  std::error_code error;
  fs::recursive_directory_iterator at(
      path, fs::directory_options::skip_permission_denied, error);
  const fs::recursive_directory_iterator end;
  while (!error && at != end && entries.size() < kMostEntries) {
    entries.push_back(at->path());
    at.increment(error);
  }
  std::sort(entries.begin(), entries.end());
  for (const std::string& entry : entries) AddFile(entry, look);
}

}  // namespace

FileWatch::FileWatch(std::function<std::vector<std::string>()> paths)
    : paths_(std::move(paths)) {
  Accept();
}

bool FileWatch::Changed() {
  const std::string now = Look();
  const bool at_rest = now == std::exchange(last_, now);
  if (!at_rest || now == known_) return false;
  known_ = now;
  return true;
}

void FileWatch::Accept() { known_ = last_ = Look(); }

std::string FileWatch::Look() const {
  std::string look;
  for (const std::string& path : paths_()) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      AddFolder(path, &look);
    } else {
      AddFile(path, &look);
    }
  }
  return look;
}

}  // namespace premura
