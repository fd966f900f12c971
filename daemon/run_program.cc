// SPDX-License-Identifier: Apache-2.0
#include "daemon/run_program.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace premura {
namespace {

class Pipe {
 public:
  Pipe() { open_ = pipe2(ends_.data(), O_CLOEXEC) == 0; }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    CloseWriting();
    if (open_) close(ends_[0]);
  }
  void CloseWriting() {
    if (open_ && ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }
  bool open() const { return open_; }
  int reading() const { return ends_[0]; }
  int writing() const { return ends_[1]; }

 private:
  std::array<int, 2> ends_{-1, -1};
  bool open_ = false;
};

// Reads both to their ends, as they come: neither may fill up.
void ReadBoth(const Pipe& out, const Pipe& err, ProgramOutput* output) {
  std::array<pollfd, 2> fds{
      {{out.reading(), POLLIN, 0}, {err.reading(), POLLIN, 0}}};
  const std::array<std::string*, 2> texts{&output->out, &output->err};
  std::array<char, 64 << 10> buffer;
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
    for (std::size_t i = 0; i < fds.size(); ++i) {
      if (fds[i].fd < 0 || fds[i].revents == 0) continue;
      const ssize_t size = read(fds[i].fd, buffer.data(), buffer.size());
      if (size > 0) {
        texts[i]->append(buffer.data(), static_cast<std::size_t>(size));
      } else if (size == 0 || errno != EINTR) {
        fds[i].fd = -1;
      }
    }
  }
}

int Spawn(std::vector<char*>* words, const Pipe& out, const Pipe& err,
          pid_t* child) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                   O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.writing(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.writing(), STDERR_FILENO);
  const int failed = posix_spawnp(child, words->front(), &actions, nullptr,
                                  words->data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return failed;
}

}  // namespace

Result<ProgramOutput> RunProgram(const std::vector<std::string>& words) {
  const auto error = [&words](int number) {
    return Error{"cannot run " + words.front() + ": " + std::strerror(number)};
  };
  Pipe out, err;
  if (!out.open() || !err.open()) return error(errno);
  std::vector<std::string> owned = words;
  std::vector<char*> pointers;
  for (std::string& word : owned) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  pid_t child = 0;
  if (const int failed = Spawn(&pointers, out, err, &child); failed != 0) {
    return error(failed);
  }
  out.CloseWriting();
  err.CloseWriting();
  ProgramOutput output;
  ReadBoth(out, err, &output);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return error(errno);
  }
  output.code =
      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return output;
}

}  // namespace premura
