// SPDX-License-Identifier: Apache-2.0

#include "signals/dead_letters.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <utility>

#include "signals/json_reader.h"
#include "signals/sync_folder.h"

namespace premura {

namespace {

std::string Base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // With a NUL.
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()),
                      static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

void AppendText(const char* name, std::string_view text, std::string* json) {
  json->append(json->empty() ? "{" : ",")
      .append("\"")
      .append(name)
      .append("\":");
  AppendJsonText(text, json);
}

// Text where it is UTF-8, cut or not; else base64, under another name.
void AppendBytes(const char* text_name, const char* base64_name,
                 std::string_view bytes, std::string* json) {
  if (IsUtf8(bytes)) return AppendText(text_name, bytes, json);
  AppendText(base64_name, Base64(bytes), json);
}

// Not in the middle of a character.
std::string_view Cut(std::string_view bytes, std::size_t limit) {
  if (bytes.size() <= limit) return bytes;
  std::size_t end = limit;
  for (int back = 0; back < 3 && end > 0; ++back) {
    if ((static_cast<unsigned char>(bytes[end]) & 0xC0) != 0x80) break;
    --end;
  }
  return bytes.substr(0, end);
}

class FileDeadLetters final : public DeadLetterSink {
 public:
  explicit FileDeadLetters(FileDeadLetterOptions options)
      : options_(std::move(options)) {}

  ~FileDeadLetters() override {
    if (fd_ >= 0) close(fd_);
  }

  Status Open() {
    fd_ = open(options_.path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
               S_IRUSR | S_IWUSR | S_IRGRP);
    struct stat about {};
    if (fd_ < 0 || fstat(fd_, &about) != 0) return Failure();
    size_ = safe_ = static_cast<std::uint64_t>(about.st_size);
    named_ = false;
    return {};
  }

  Status Keep(const std::string& source, const std::string& origin,
              const Record& record, Refusal reason,
              std::string_view detail) override {
    const std::string line = ToLine(source, origin, record, reason, detail);
    const std::lock_guard lock(mutex_);
    if (doubtful_) {  // Nothing more before that is safe.
      if (Status synced = SyncFile(); !synced.ok()) return synced;
    }
    if (fd_ >= 0 && !IsAtPath()) {
      if (Status closed = Close(); !closed.ok()) return closed;
    }
    if (fd_ < 0) {
      if (Status opened = Open(); !opened.ok()) return opened;
    }
    if (size_ > 0 && size_ + line.size() > options_.max_bytes) {
      if (Status rotated = Rotate(); !rotated.ok()) return rotated;
    }
    if (Status written = Append(line); !written.ok()) return written;
    unsynced_ += line;
    return {};
  }

  Status Sync() override {
    const std::lock_guard lock(mutex_);
    return SyncFile();
  }

 private:
  Error Failure() const {
    return Error{options_.path + ": " + std::strerror(errno)};
  }

  // The system says once that something could not be written, and then takes
  // it for written: it is written again, in its own place.
  Status SyncFile() {
    if (unsynced_.empty()) return {};
    if (doubtful_) {
      if (ftruncate(fd_, static_cast<off_t>(safe_)) != 0) return Failure();
      size_ = safe_;
      if (Status written = Append(unsynced_); !written.ok()) return written;
    }
    doubtful_ = (options_.sync ? options_.sync(fd_) : fdatasync(fd_)) != 0;
    if (doubtful_) return Failure();
    if (!named_) {
      if (Status synced = SyncFolderOf(options_.path); !synced.ok()) {
        return synced;
      }
      named_ = true;
    }
    unsynced_.clear();
    safe_ = size_;
    return {};
  }

  Status Close() {
    if (Status synced = SyncFile(); !synced.ok()) return synced;
    close(std::exchange(fd_, -1));
    return {};
  }

  // Others rotate too, or tidy up: what goes to a file without a name is lost.
  bool IsAtPath() const {
    struct stat open_one {};
    struct stat named {};
    return fstat(fd_, &open_one) == 0 &&
           stat(options_.path.c_str(), &named) == 0 &&
           open_one.st_dev == named.st_dev && open_one.st_ino == named.st_ino;
  }

  std::string ToLine(const std::string& source, const std::string& origin,
                     const Record& record, Refusal reason,
                     std::string_view detail) const {
    std::string json;
    if (options_.now) AppendText("at", FormatInstant(options_.now()), &json);
    AppendText("source", source, &json);
    AppendText("origin", origin, &json);
    AppendText("reason", ToString(reason), &json);
    AppendText("detail", detail, &json);
    json += fmt::format(",\"bytes\":{}", record.value.size());
    const std::string_view value = Cut(record.value, options_.max_value);
    AppendBytes("text", "base64", value, &json);
    if (value.size() < record.value.size()) json += ",\"cut\":true";
    if (!record.key.empty()) {
      AppendBytes("key", "key_base64", Cut(record.key, options_.max_value),
                  &json);
    }
    if (!record.headers.empty()) AppendHeaders(record, &json);
    return json + "}\n";
  }

  void AppendHeaders(const Record& record, std::string* json) const {
    const auto readable = [this](std::string_view bytes) {
      bytes = Cut(bytes, options_.max_value);
      return IsUtf8(bytes) ? std::string(bytes) : Base64(bytes);
    };
    json->append(",\"headers\":");
    char before = '{';
    for (const Header& header : record.headers) {
      json->push_back(std::exchange(before, ','));
      AppendJsonText(readable(header.name), json);
      json->push_back(':');
      AppendJsonText(readable(header.value), json);
    }
    json->append("}");
  }

  // A line that could be written only in part is taken back.
  Status Append(const std::string& line) {
    std::size_t written = 0;
    while (written < line.size()) {
      const ssize_t size =
          write(fd_, line.data() + written, line.size() - written);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) {
        const Error failure = Failure();
        [[maybe_unused]] const int undone =
            ftruncate(fd_, static_cast<off_t>(size_));
        return failure;
      }
      written += static_cast<std::size_t>(size);
    }
    size_ += line.size();
    return {};
  }

  Status Rotate() {
    if (Status closed = Close(); !closed.ok()) return closed;
    const auto numbered = [this](int number) {
      return number == 0 ? options_.path
                         : fmt::format("{}.{}", options_.path, number);
    };
    for (int number = std::max(options_.keep, 1) - 1; number >= 0; --number) {
      const std::string from = numbered(number);
      if (std::rename(from.c_str(), numbered(number + 1).c_str()) != 0 &&
          errno != ENOENT) {
        return Failure();
      }
    }
    return Open();
  }

  const FileDeadLetterOptions options_;
  std::mutex mutex_;  // Guards what follows.
  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::uint64_t safe_ = 0;  // So much of it was there at the last sync.
  std::string unsynced_;    // What came since.
  bool doubtful_ = false;   // A sync has failed since.
  bool named_ = false;      // The file's name is durable.
};

}  // namespace

Result<std::unique_ptr<DeadLetterSink>> NewFileDeadLetters(
    FileDeadLetterOptions options) {
  auto letters = std::make_unique<FileDeadLetters>(std::move(options));
  const Status opened = letters->Open();
  if (!opened.ok()) return opened.error();
  return std::unique_ptr<DeadLetterSink>(std::move(letters));
}

}  // namespace premura
