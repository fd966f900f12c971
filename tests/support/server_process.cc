// SPDX-License-Identifier: Apache-2.0
#include "tests/support/server_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <sstream>

namespace premura {
namespace {

// Forks; the child's standard input and output are the pipes' other ends.
pid_t Spawn(const std::vector<std::string>& command, int* in, int* out) {
  int to_child[2];
  int from_child[2];
  if (pipe2(to_child, O_CLOEXEC) != 0 || pipe2(from_child, O_CLOEXEC) != 0) {
    return -1;
  }
  std::vector<char*> words;
  for (const std::string& word : command) {
    words.push_back(const_cast<char*>(word.c_str()));
  }
  words.push_back(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(to_child[0], STDIN_FILENO);
    dup2(from_child[1], STDOUT_FILENO);
    execv(words[0], words.data());
    _exit(127);
  }
  close(to_child[0]);
  close(from_child[1]);
  *in = to_child[1];
  *out = from_child[0];
  return pid;
}

bool IsFree(int port) {
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool free =
      bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(probe);
  return free;
}

}  // namespace

ServerProcess::ServerProcess(const std::vector<std::string>& command) {
  std::vector<std::string> words = command;
  words[0] = std::string(PREMURA_SOURCE_DIR "/tests/support/") + words[0];
  int out = -1;
  pid_ = Spawn(words, &stdin_, &out);
  FILE* const stream = fdopen(out, "r");
  char line[4096];
  while (fgets(line, sizeof(line), stream) != nullptr) {
    std::istringstream parts(line);
    std::string word;
    parts >> word;
    if (word != "ready") continue;
    while (parts >> word) {
      const std::size_t equals = word.find('=');
      values_[word.substr(0, equals)] = word.substr(equals + 1);
    }
    break;
  }
  fclose(stream);
  EXPECT_TRUE(ready()) << words[0] << " did not start";
}

ServerProcess::~ServerProcess() {
  close(stdin_);
  waitpid(pid_, nullptr, 0);
}

std::string ServerProcess::operator[](const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? "" : found->second;
}

int FreePorts(int count) {
  // Below the range that the kernel hands out by itself; where to begin depends
  // on the process, so that tests side by side do not meet.
  static int next = 20000 + (getpid() * 16) % 10000;
  for (;; next = next > 31000 ? 20000 : next + 1) {
    int free = 0;
    while (free < count && IsFree(next + free)) ++free;
    if (free < count) continue;
    const int first = next;
    next += count;
    return first;
  }
}

std::string OutputOf(const std::vector<std::string>& command, int* status) {
  int in = -1;
  int out = -1;
  const pid_t pid = Spawn(command, &in, &out);
  close(in);
  std::string text;
  char buffer[65536];
  for (ssize_t n; (n = read(out, buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<std::size_t>(n));
  }
  close(out);
  int ended = 0;
  waitpid(pid, &ended, 0);
  *status = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
  return text;
}

}  // namespace premura
