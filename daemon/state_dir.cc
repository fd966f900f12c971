// SPDX-License-Identifier: Apache-2.0
#include "daemon/state_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "signals/sync_folder.h"

namespace premura {

namespace {

// In the lock's own file; empty if it cannot be kept.
std::string ReadOrMakeName(const std::string& path, int file) {
  char kept[64];
  const ssize_t length = pread(file, kept, sizeof kept, 0);
  if (length > 0) return {kept, static_cast<std::size_t>(length)};
  unsigned char random[8];
  if (getrandom(random, sizeof random, 0) != sizeof random) return "";
  std::string name;
  for (const unsigned char byte : random) {
    constexpr char kDigits[] = "0123456789abcdef";
    name.push_back(kDigits[byte >> 4]);
    name.push_back(kDigits[byte & 15]);
  }
  const auto size = static_cast<ssize_t>(name.size());
  // Before anybody is told of it: it is to be the same after a power cut.
  const bool is_kept = pwrite(file, name.data(), name.size(), 0) == size &&
                       fsync(file) == 0 && SyncFolderOf(path).ok();
  return is_kept ? name : "";
}

}  // namespace

Result<std::unique_ptr<StateDir>> StateDir::Open(const std::string& path) {
  const auto trouble = [&path](const std::string& what) {
    return Error{"state.dir " + path + ": " + what};
  };
  std::error_code error;
  const bool made = std::filesystem::create_directories(path, error);
  if (error) return trouble("cannot be made: " + error.message());
  if (made) chmod(path.c_str(), 0750);
  const std::string lock = path + "/lock";
  const int file = open(lock.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0640);
  if (file < 0)
    return trouble(std::string("cannot be written: ") + std::strerror(errno));
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    close(file);
    return trouble("another premura runs with it");
  }
  std::string name = ReadOrMakeName(lock, file);
  if (name.empty()) {
    close(file);
    return trouble("its name cannot be kept in `lock`");
  }
  return std::unique_ptr<StateDir>(new StateDir(file, path, std::move(name)));
}

StateDir::~StateDir() { close(file_); }

bool StateDir::known_to_ledger() const {
  return access(known().c_str(), F_OK) == 0;
}

Status StateDir::SetKnownToLedger() {
  if (known_to_ledger()) return {};
  const int file = open(known().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0640);
  if (file < 0) {
    return Error{"state.dir " + path_ +
                 ": cannot be written: " + std::strerror(errno)};
  }
  close(file);
  return SyncFolderOf(known());
}

}  // namespace premura
