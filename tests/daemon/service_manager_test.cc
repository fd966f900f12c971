// SPDX-License-Identifier: Apache-2.0
#include "daemon/service_manager.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

#include "daemon/state_dir.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

// The service manager's side: a datagram socket.
class ManagerSocket {
 public:
  explicit ManagerSocket(const std::string& path)
      : fd_(socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    if (path[0] == '@') address.sun_path[0] = '\0';
    const auto length =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), length), 0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~ManagerSocket() {
    close(fd_);
    unsetenv("NOTIFY_SOCKET");
  }
  std::string Receive() const {
    char buffer[256];
    const ssize_t got = recv(fd_, buffer, sizeof(buffer), MSG_DONTWAIT);
    return got < 0 ? "" : std::string(buffer, static_cast<std::size_t>(got));
  }

 private:
  const int fd_;
};

TEST(ServiceManagerTest, IsToldByPathAndByAbstractName) {
  TempFolder folder;
  for (const std::string& path :
       {folder.Path("notify"), "@premura-test-" + std::to_string(getpid())}) {
    const ManagerSocket manager(path);
    TellServiceManager("READY=1");
    EXPECT_EQ(manager.Receive(), "READY=1") << path;
  }
  TellServiceManager("READY=1");  // Nobody waits: nothing happens.
}

TEST(ServiceManagerTest, TheWatchdogIsFedTwiceAsOftenAsAsked) {
  EXPECT_EQ(WatchdogInterval(), std::nullopt);
  setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(WatchdogInterval(), Duration(15000));
  setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(WatchdogInterval(), std::nullopt) << "meant for another process";
  unsetenv("WATCHDOG_PID");
  setenv("WATCHDOG_USEC", "soon", 1);
  EXPECT_EQ(WatchdogInterval(), std::nullopt);
  unsetenv("WATCHDOG_USEC");
}

TEST(StateDirTest, OneAtATime) {
  TempFolder folder;
  auto first = StateDir::Open(folder.Path("a/b"));
  ASSERT_TRUE(first.ok()) << first.error().message;
  const auto second = StateDir::Open(folder.Path("a/b"));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().message, "state.dir " + folder.Path("a/b") +
                                        ": another premura runs with it");
  first.value().reset();
  EXPECT_TRUE(StateDir::Open(folder.Path("a/b")).ok());
}

TEST(StateDirTest, HasANameThatStaysAndIsNoOthers) {
  const TempFolder folder;
  std::string name;
  {
    const auto state = StateDir::Open(folder.Path("a"));
    ASSERT_TRUE(state.ok()) << state.error().message;
    name = state.value()->name();
  }
  EXPECT_EQ(name.size(), 16U);
  EXPECT_EQ(StateDir::Open(folder.Path("a")).value()->name(), name);
  EXPECT_NE(StateDir::Open(folder.Path("b")).value()->name(), name);
}

TEST(StateDirTest, ANameThatCannotBeKeptIsSaid) {
  const TempFolder folder;
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
  const auto state = StateDir::Open(folder.Path("a"));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(state.ok());
  EXPECT_EQ(state.error().message, "state.dir " + folder.Path("a") +
                                       ": its name cannot be kept in `lock`");
}

TEST(StateDirTest, AFolderThatCannotBeMadeIsSaid) {
  TempFolder folder;
  folder.Write("file", "");
  const auto opened = StateDir::Open(folder.Path("file/state"));
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find(": cannot be made: "),
            std::string::npos);
  folder.Write("state/lock/x", "");  // A folder where the lock should be.
  const auto blocked = StateDir::Open(folder.Path("state"));
  ASSERT_FALSE(blocked.ok());
  EXPECT_NE(blocked.error().message.find(": cannot be written: "),
            std::string::npos);
}

}  // namespace
}  // namespace premura
