// SPDX-License-Identifier: Apache-2.0
// ServerProcess: one of the server scripts beside this file, running for as
// long as the object lives.

#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace premura {

class ServerProcess {
 public:
  // Starts `command` (the first word is a file beside this one) and waits for
  // its line "ready name=value ..". Fails the test if there is none.
  explicit ServerProcess(const std::vector<std::string>& command);
  // Closes its standard input and waits for its end.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  bool ready() const { return !values_.empty(); }
  // "" if the line had no such name.
  std::string operator[](const std::string& name) const;

 private:
  pid_t pid_ = -1;
  int stdin_ = -1;
  std::map<std::string, std::string> values_;
};

// The first of `count` ports in a row on loopback that are free now.
int FreePorts(int count);

// What a command prints; its exit status in *status.
std::string OutputOf(const std::vector<std::string>& command, int* status);

}  // namespace premura
