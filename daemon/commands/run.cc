// SPDX-License-Identifier: Apache-2.0
// `premura run`: the daemon.

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <new>
#include <ostream>
#include <string_view>
#include <thread>

#include "daemon/app.h"
#include "daemon/app_parts.h"
#include "daemon/commands/commands.h"
#include "daemon/service_manager.h"

namespace premura {
namespace {

using std::chrono::steady_clock;

constexpr Duration kTick = std::chrono::milliseconds(100);
constexpr Duration kSettleLimit = std::chrono::seconds(60);
constexpr Duration kEndLimit = std::chrono::seconds(10);

struct Options {
  std::string config;
  bool show_decisions = false;
  bool once = false;
  std::string drain = "25s";
};

[[noreturn]] void EndAtOnce(std::string_view words, int code) {
  const ssize_t ignored = write(STDERR_FILENO, words.data(), words.size());
  static_cast<void>(ignored);
  _exit(code);
}

// Nothing that is acknowledged is in memory alone, so the end is safe; going on
// without memory is not. As EX_TEMPFAIL: whoever runs premura starts it again.
[[noreturn]] void EndWithoutMemory() {
  EndAtOnce(
      "premura: there is no memory left: what is known of customers needs more "
      "than this process may have (ulimit, MemoryMax); nothing is lost\n",
      75);
}

// Signals are taken by the main thread when it looks for them. To be made
// before any thread, which inherits it.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
      sigaddset(&set_, number);
    }
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    signal(SIGPIPE, SIG_IGN);
    // Beyond a limit on the size of files, write() says so as of a full disk.
    signal(SIGXFSZ, SIG_IGN);
  }

  // 0: none came within `wait`.
  int Next(Duration wait) const {
    timespec time{};
    time.tv_sec = wait.count() / 1000;
    time.tv_nsec = wait.count() % 1000 * 1'000'000;
    const int number = sigtimedwait(&set_, nullptr, &time);
    return number < 0 ? 0 : number;
  }

 private:
  sigset_t set_{};
};

// Stops within `limit`, and answers whether all that was read was written; a
// second signal ends at once, as kill -9 would: what is not done is found at
// the next start.
bool Drain(App* app, Duration limit, const Signals& signals) {
  TellServiceManager("STOPPING=1");
  std::atomic<bool> ended = false;
  bool all_done = false;
  std::thread stopping([app, limit, &ended, &all_done] {
    all_done = app->Stop(limit);
    ended = true;
  });
  while (!ended) {
    const int number = signals.Next(kTick);
    if (number == SIGTERM || number == SIGINT) _exit(128 + number);
  }
  stopping.join();
  return all_done;
}

// Once all is done that matters nothing may keep the process from its end:
// librdkafka 2.0 can wait for ever when it closes a client whose topic has
// gone.
class EndAnyhow {
 public:
  explicit EndAnyhow(int code)
      : thread_([this, code] {
          std::unique_lock lock(mutex_);
          if (!ended_.wait_for(lock, kEndLimit, [this] { return over_; })) {
            EndAtOnce(
                "premura: its connections do not close; it ends without, and "
                "nothing is lost\n",
                code);
          }
        }) {}
  ~EndAnyhow() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    ended_.notify_all();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool over_ = false;
  std::thread thread_;
};

class Loop {
 public:
  Loop(App* app, bool once, const Io& io)
      : app_(app), once_(once), io_(io), watchdog_(WatchdogInterval()) {}

  // Until a signal or the end; answers the exit code.
  int Run(const Signals& signals) {
    while (true) {
      const int number = signals.Next(kTick);
      if (number == SIGTERM || number == SIGINT) return kOk;
      if (number == SIGHUP) app_->Reload();
      app_->Tick();
      FeedWatchdog();
      if (const auto why = app_->Failure()) return Fail(io_, *why);
      if (once_ && HasEnded()) return code_;
    }
  }

 private:
  void FeedWatchdog() {
    if (!watchdog_) return;
    const auto now = steady_clock::now();
    if (now < feed_at_) return;
    feed_at_ = now + *watchdog_ / 2;
    TellServiceManager("WATCHDOG=1");
  }

  // All is settled, or it takes too long after the sources' end.
  bool HasEnded() {
    if (app_->Settled()) return true;
    if (!app_->SourcesEnded()) return false;
    const auto now = steady_clock::now();
    if (!ended_at_) ended_at_ = now;
    if (now - *ended_at_ < kSettleLimit) return false;
    code_ = Fail(io_,
                 "some messages could not be sent in time; they go out "
                 "after the next start");
    return true;
  }

  App* const app_;
  const bool once_;
  const Io& io_;
  const std::optional<Duration> watchdog_;
  steady_clock::time_point feed_at_{};
  std::optional<steady_clock::time_point> ended_at_;
  int code_ = kOk;
};

int Run(const Options& given, const Io& io) {
  const std::optional<Duration> drain = ParseDuration(given.drain);
  if (!drain) return Fail(io, "--drain is no duration: write 25s", kUsage);
  const Result<std::string> config = ConfigPath(io, given.config);
  if (!config.ok()) return Fail(io, config.error().message, kUsage);
  // Customers' data is written: not for everybody.
  umask(umask(0) | S_IRWXO | S_IWGRP);
  std::set_new_handler(EndWithoutMemory);
  const Signals signals;
  const std::unique_ptr<LeapGuard> clock = NewSystemLeapGuard();
  AppOptions options;
  options.config_path = config.value();
  options.config.environment = io.environment;
  options.clock = options.leaps = clock.get();
  options.colours = io.terminal;
  if (given.show_decisions || io.terminal) options.decisions = io.out;
  if (given.once) {
    // One with mistakes is NewApp's to tell.
    const LoadedConfig loaded = LoadConfig(options.config_path, options.config);
    if (loaded.config && !Ends(*loaded.config)) {
      return Fail(io, "--once needs sources that end: files", kUsage);
    }
  }
  Diagnostics diagnostics;
  Result<std::unique_ptr<App>> app = NewApp(options, &diagnostics);
  *io.err << RenderText(diagnostics) << std::flush;
  if (!app.ok()) return Fail(io, app.error().message);
  TellServiceManager("READY=1");
  int code = Loop(app.value().get(), given.once, io).Run(signals);
  if (!Drain(app.value().get(), *drain, signals)) {
    code = Fail(io, "not all that was read was written");
  }
  const EndAnyhow guard(code);
  app.value().reset();
  return code;
}

}  // namespace

void AddRun(CLI::App* app, const Io& io, Chosen* chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* const command = app->add_subcommand(
      "run",
      "Run the daemon. SIGHUP and changed files: rules, templates, profiles, "
      "secrets and restraint are read again. SIGTERM: finishes what was read "
      "and ends, with 1 if some of it could not be written; a second one ends "
      "at once.");
  AddConfigOption(command, &options->config);
  command->add_flag("--show-decisions", options->show_decisions,
                    "One line per decision; on a terminal it is the default");
  command->add_flag("--once", options->once,
                    "End when the files have ended and all is sent but what "
                    "is held");
  command
      ->add_option("--drain", options->drain,
                   "How long the end may take after SIGTERM")
      ->capture_default_str();
  command->callback([options, io, chosen] {
    *chosen = [options, io] { return Run(*options, io); };
  });
}

}  // namespace premura
