// SPDX-License-Identifier: Apache-2.0
// Messages as files, for a first try and for tests: the file's name is the key,
// and it appears whole or not at all.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "notifiers/channels.h"
#include "notifiers/channels/call.h"
#include "notifiers/gsm7.h"
#include "notifiers/mime.h"
#include "notifiers/text.h"

namespace premura {
namespace {

namespace fs = std::filesystem;
using Verdict = Outcome::Verdict;

class FileChannel final : public Channel {
 public:
  explicit FileChannel(FileChannelOptions options)
      : options_(std::move(options)),
        directory_(fs::path(options_.directory) / options_.channel) {}

  OnDoubt on_doubt() const override { return OnDoubt::kAsk; }
  std::string host() const override { return "file://" + directory_.string(); }
  void Deliver(const Message& message, Done done) override;
  void Find(const Message& message, Done done) override;
  void Check(std::function<void(CheckResult)> done) override;

 private:
  fs::path PathOf(const Message& message) const {
    const bool mail = options_.channel == "email";
    return directory_ / (message.key + (mail ? ".eml" : ".txt"));
  }
  Result<std::string> ContentOf(const Message& message) const;
  Outcome Delivered(Reason reason, const Message& message) const;

  FileChannelOptions options_;
  fs::path directory_;
};

std::string TicketText(const Message& message) {
  const std::pair<const char*, std::string> lines[] = {
      {"Key", message.key},
      {"Queue", OneLine(message.queue)},
      {"Priority", message.priority},
      {"Requestor", OneLine(message.to)},
      {"Subject", OneLine(message.subject)}};
  std::string text;
  for (const auto& [label, value] : lines) {
    if (!value.empty()) text += fmt::format("{}: {}\n", label, value);
  }
  return text + '\n' + message.text;
}

std::string SmsText(const Message& message) {
  const std::string text = TransliterateForSms(message.text);
  const SmsShape shape = MeasureSms(text);
  return fmt::format("To: {}\nSegments: {} ({})\n\n{}\n", OneLine(message.to),
                     shape.segments, shape.gsm7 ? "GSM-7" : "UCS-2", text);
}

Status WriteWhole(const fs::path& path, const std::string& content) {
  const fs::path partial = path.string() + ".tmp";
  {
    std::ofstream out(partial, std::ios::binary | std::ios::trunc);
    out << content;
    out.flush();
    if (!out) return Error{"cannot write " + partial.string()};
  }
  std::error_code error;
  fs::rename(partial, path, error);
  if (error) return Error{path.string() + ": " + error.message()};
  return {};
}

Result<std::string> FileChannel::ContentOf(const Message& message) const {
  if (options_.channel == "email") return BuildMail(message, options_.mail);
  return options_.channel == "sms" ? SmsText(message) : TicketText(message);
}

Outcome FileChannel::Delivered(Reason reason, const Message& message) const {
  Outcome outcome =
      MakeOutcome(Verdict::kDelivered, reason, PathOf(message).string());
  outcome.provider_id = message.key;
  if (options_.channel == "ticket") {
    // Short enough for a subject.
    const std::string id = message.key.substr(0, 12);
    outcome.ticket =
        TicketReference{options_.desk, id, fmt::format("[#{}]", id), ""};
  }
  return outcome;
}

void FileChannel::Deliver(const Message& message, Done done) {
  std::error_code error;
  if (fs::exists(PathOf(message), error)) {
    return done(Delivered(Reason::kAlreadyThere, message));
  }
  Result<std::string> content = ContentOf(message);
  if (!content.ok()) {
    return done(MakeOutcome(Verdict::kRejected, Reason::kBadAddress,
                            content.error().message));
  }
  fs::create_directories(directory_, error);
  const Status status = WriteWhole(PathOf(message), content.value());
  done(status.ok() ? Delivered(Reason::kDelivered, message)
                   : MakeOutcome(Verdict::kRetry, Reason::kUnreachable,
                                 status.error().message));
}

void FileChannel::Find(const Message& message, Done done) {
  std::error_code error;
  const bool there = fs::exists(PathOf(message), error);
  if (error) {
    return done(
        MakeOutcome(Verdict::kUnknown, Reason::kUnreachable, error.message()));
  }
  done(there ? Delivered(Reason::kAlreadyThere, message)
             : MakeOutcome(Verdict::kRetry, Reason::kNone, "no such file"));
}

void FileChannel::Check(std::function<void(CheckResult)> done) {
  std::error_code error;
  fs::create_directories(directory_, error);
  const fs::path probe = directory_ / ".check";
  const Status status = WriteWhole(probe, "");
  fs::remove(probe, error);
  if (status.ok()) return done({});
  done({Reason::kMisconfigured, status.error().message});
}

}  // namespace

std::unique_ptr<Channel> NewFileChannel(FileChannelOptions options) {
  return std::make_unique<FileChannel>(std::move(options));
}

}  // namespace premura
