// SPDX-License-Identifier: Apache-2.0
#include "daemon/state_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace premura {

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
  return std::unique_ptr<StateDir>(new StateDir(file));
}

StateDir::~StateDir() { close(file_); }

}  // namespace premura
