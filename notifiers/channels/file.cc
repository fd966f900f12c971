// SPDX-License-Identifier: Apache-2.0
// Messages as files, for a first try and for tests: the file's name is the key,
// and it appears whole or not at all.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "notifiers/channels.h"
#include "notifiers/channels/call.h"
#include "notifiers/gsm7.h"
#include "notifiers/mime.h"
#include "notifiers/text.h"
#include "signals/sync_folder.h"

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

Error Failure(const fs::path& path) {
  return Error{
      fmt::format("cannot write {}: {}", path.string(), std::strerror(errno))};
}

bool WriteAll(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t size = ::write(file, content.data(), content.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

// Whole or not at all, and to stay: the ledger then says that it was delivered.
Status WriteWhole(const fs::path& path, const std::string& content) {
  const fs::path partial = path.string() + ".tmp";
  const int file =
      ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (file < 0) return Failure(partial);
  bool written = WriteAll(file, content) && ::fsync(file) == 0;
  written = ::close(file) == 0 && written;
  if (!written || ::rename(partial.c_str(), path.c_str()) != 0) {
    return Failure(partial);
  }
  return SyncFolderOf(path);
}

// With the rights of what is in it: addresses and names.
void MakeFolder(const fs::path& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return;
  if (folder.has_parent_path()) MakeFolder(folder.parent_path());
  ::mkdir(folder.c_str(), 0750);  // A failure shows when it is written to.
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
  MakeFolder(directory_);
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
  MakeFolder(directory_);
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
