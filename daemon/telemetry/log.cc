// SPDX-License-Identifier: Apache-2.0
#include "daemon/telemetry/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <map>
#include <mutex>

#include "notifiers/text.h"
#include "rules/printable.h"
#include "rules/value.h"

namespace premura {
namespace {

constexpr int kLinesPerWindow = 10;
constexpr Duration kWindow = std::chrono::seconds(10);

constexpr const char* kWords[] = {"debug", "info", "warning", "error"};

spdlog::level::level_enum ToSpdlog(Log::Level level) {
  constexpr spdlog::level::level_enum kLevels[] = {
      spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
      spdlog::level::err};
  return kLevels[static_cast<int>(level)];
}

spdlog::level::level_enum LowestLevel(const std::string& word) {
  for (int i = 0; i < 4; ++i) {
    if (word == kWords[i]) return ToSpdlog(static_cast<Log::Level>(i));
  }
  return spdlog::level::info;
}

std::string JsonLine(Timestamp now, Log::Level level, std::string_view event,
                     std::string_view message, const Log::Fields& fields) {
  std::string line = "{\"time\":";
  AppendJsonText(FormatInstant(now), &line);
  line += ",\"level\":";
  AppendJsonText(kWords[static_cast<int>(level)], &line);
  line += ",\"event\":";
  AppendJsonText(event, &line);
  line += ",\"message\":";
  AppendJsonText(MaskAddresses(message), &line);
  for (const auto& [key, value] : fields) {
    line += ',';
    AppendJsonText(key, &line);
    line += ':';
    if (value.is_number()) {
      line += value.text();
    } else {
      AppendJsonText(MaskAddresses(value.text()), &line);
    }
  }
  return line + "}";
}

// What is broken into lines for a terminal is one here: a space stands for each
// break and what is indented by.
std::string OneLine(std::string_view text) {
  std::string line;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\n') {
      line += text[i];
      continue;
    }
    line += ' ';
    while (i + 1 < text.size() && text[i + 1] == ' ') ++i;
  }
  return line;
}

// Nothing that is logged may begin a line or colour a terminal.
std::string TextLine(Timestamp now, Log::Level level, std::string_view event,
                     std::string_view message, const Log::Fields& fields) {
  std::string line = FormatInstant(now);
  line += ' ';
  line += kWords[static_cast<int>(level)];
  line += ' ';
  line += event;
  line += ": ";
  line += OneLine(MaskAddresses(message));
  for (const auto& [key, value] : fields) {
    line += ' ';
    line += key;
    line += '=';
    const std::string masked =
        value.is_number() ? value.text() : MaskAddresses(value.text());
    if (masked.find_first_of(" \"=\n") == masked.npos && !masked.empty()) {
      line += masked;
    } else {
      AppendJsonText(masked, &line);
    }
  }
  return Printable(line);
}

class SpdLog final : public Log {
 public:
  SpdLog(const LogConfig& config, const Clock* clock, std::ostream* out)
      : json_(config.json), clock_(clock), logger_("premura", MakeSink(out)) {
    logger_.set_level(LowestLevel(config.level));
    logger_.set_formatter(std::make_unique<spdlog::pattern_formatter>("%v"));
    logger_.flush_on(spdlog::level::debug);
  }

  void Write(Level level, std::string_view event, std::string_view message,
             const Fields& fields) override {
    const spdlog::level::level_enum to = ToSpdlog(level);
    if (!logger_.should_log(to)) return;
    const Timestamp now = clock_->Now();
    logger_.log(to, spdlog::string_view_t(
                        json_ ? JsonLine(now, level, event, message, fields)
                              : TextLine(now, level, event, message, fields)));
  }

  void WriteLimited(Level level, std::string_view event,
                    std::string_view message, const Fields& fields) override {
    if (!logger_.should_log(ToSpdlog(level))) return;
    std::uint64_t left_out = 0;
    if (!Allow(event, &left_out)) return;
    if (left_out == 0) return Write(level, event, message, fields);
    Fields with_count = fields;
    with_count.emplace_back("left_out_before", left_out);
    Write(level, event, message, with_count);
  }

 private:
  struct Window {
    Timestamp start{};
    int lines = 0;
    std::uint64_t left_out = 0;
  };

  static spdlog::sink_ptr MakeSink(std::ostream* out) {
    if (out == nullptr)
      return std::make_shared<spdlog::sinks::stderr_sink_mt>();
    return std::make_shared<spdlog::sinks::ostream_sink_mt>(*out, true);
  }

  bool Allow(std::string_view event, std::uint64_t* left_out) {
    const Timestamp now = clock_->Now();
    const std::lock_guard lock(mutex_);
    Window& window = windows_[std::string(event)];
    if (now - window.start >= kWindow || now < window.start) {
      window.start = now;
      window.lines = 0;
    }
    if (window.lines >= kLinesPerWindow) {
      ++window.left_out;
      return false;
    }
    ++window.lines;
    *left_out = std::exchange(window.left_out, 0);
    return true;
  }

  const bool json_;
  const Clock* const clock_;
  spdlog::logger logger_;
  std::mutex mutex_;
  std::map<std::string, Window> windows_;
};

}  // namespace

std::unique_ptr<Log> NewLog(const LogConfig& config, const Clock* clock,
                            std::ostream* out) {
  return std::make_unique<SpdLog>(config, clock, out);
}

}  // namespace premura
