// SPDX-License-Identifier: Apache-2.0

#include "signals/byte_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "signals/unpacker.h"

namespace premura {

namespace {

constexpr std::size_t kChunk = std::size_t{256} << 10;

Error SystemError() { return Error{std::strerror(errno)}; }

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ > STDIN_FILENO) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

class ByteReaderImpl final : public ByteReader {
 public:
  ByteReaderImpl(std::string path, int fd, bool may_wait, off_t size)
      : path_(std::move(path)),
        file_(fd),
        wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
        may_wait_(may_wait),
        size_(size),
        packed_(kChunk) {}

  Result<Chunk> Read(Duration wait) override {
    Result<Chunk> chunk = known_ ? Next(wait) : First(wait);
    if (!chunk.ok()) return chunk.error().WithContext(path_);
    return chunk;
  }

  void Interrupt() override {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written =
        write(wake_.get(), &one, sizeof one);
  }

  std::optional<double> Done() const override {
    if (may_wait_ || size_ <= 0) return std::nullopt;
    return std::min(1.0,
                    static_cast<double>(read_) / static_cast<double>(size_));
  }

 private:
  // Reads until it can be seen how the bytes are packed.
  Result<Chunk> First(Duration wait) {
    while (!known_) {
      Result<Chunk> raw = ReadRaw(wait);
      if (!raw.ok() || raw.value().state == State::kNotYet) return raw;
      head_.append(raw.value().bytes);
      known_ =
          raw.value().state == State::kEnd || head_.size() >= kPackingBytes;
    }
    unpacker_ = NewUnpackerFor(head_);
    if (unpacker_) {
      unpacked_.resize(kChunk * 4);
      rest_ = head_;
      return Unpack(wait);
    }
    if (head_.empty() && (path_.ends_with(".gz") || path_.ends_with(".zst"))) {
      return Error{"is empty, which nothing packed is"};
    }
    if (head_.empty()) return Chunk{};
    return Chunk{State::kBytes, head_};
  }

  Result<Chunk> Next(Duration wait) {
    return unpacker_ ? Unpack(wait) : ReadRaw(wait);
  }

  Result<Chunk> Unpack(Duration wait) {
    while (true) {
      Result<std::size_t> size = unpacker_->Unpack(&rest_, unpacked_);
      if (!size.ok()) return size.error();
      if (size.value() > 0) {
        return Chunk{State::kBytes, {unpacked_.data(), size.value()}};
      }
      if (!rest_.empty()) continue;
      Result<Chunk> raw = ReadRaw(wait);
      if (!raw.ok() || raw.value().state == State::kNotYet) return raw;
      if (raw.value().state == State::kEnd) {
        if (unpacker_->complete()) return raw;
        return Error{"ends in the middle of what is packed"};
      }
      rest_ = raw.value().bytes;
    }
  }

  Result<Chunk> ReadRaw(Duration wait) {
    if (may_wait_ && !Ready(wait)) return Chunk{.state = State::kNotYet};
    while (true) {
      const ssize_t size = read(file_.get(), packed_.data(), packed_.size());
      if (size == 0) return Chunk{};
      if (size > 0) {
        read_ += size;
        return Chunk{State::kBytes,
                     {packed_.data(), static_cast<std::size_t>(size)}};
      }
      if (errno == EAGAIN) return Chunk{.state = State::kNotYet};
      if (errno != EINTR) return SystemError();
    }
  }

  bool Ready(Duration wait) {
    pollfd fds[] = {{file_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    const auto limit =
        std::min<std::int64_t>(wait.count(), std::numeric_limits<int>::max());
    const int timeout = wait == kForever ? -1 : static_cast<int>(limit);
    if (poll(fds, 2, timeout) <= 0) return false;
    if (fds[1].revents != 0) {
      std::uint64_t count = 0;
      [[maybe_unused]] const ssize_t got =
          read(wake_.get(), &count, sizeof count);
    }
    return fds[0].revents != 0;
  }

  const std::string path_;
  const Descriptor file_;
  const Descriptor wake_;
  const bool may_wait_;
  const off_t size_;
  off_t read_ = 0;

  std::vector<char> packed_;  // As read.
  std::string head_;          // The first bytes.
  bool known_ = false;        // How the bytes are packed.
  std::unique_ptr<Unpacker> unpacker_;
  std::string_view rest_;  // Not unpacked yet.
  std::vector<char> unpacked_;
};

}  // namespace

namespace {

Result<std::unique_ptr<ByteReader>> Open(const std::string& path,
                                         bool only_regular) {
  const bool standard_input = path == "-";
  const int fd = standard_input
                     ? STDIN_FILENO
                     : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return SystemError().WithContext(path);
  struct stat about {};
  if (fstat(fd, &about) != 0) return SystemError().WithContext(path);
  if (S_ISDIR(about.st_mode)) {
    close(fd);
    return Error{path + ": is a folder"};
  }
  if (only_regular && !S_ISREG(about.st_mode)) {
    if (!standard_input) close(fd);
    return Error{path + ": is no regular file"};
  }
  return std::unique_ptr<ByteReader>(std::make_unique<ByteReaderImpl>(
      standard_input ? "standard input" : path, fd, !S_ISREG(about.st_mode),
      about.st_size));
}

}  // namespace

Result<std::unique_ptr<ByteReader>> OpenBytes(const std::string& path) {
  return Open(path, false);
}

Result<std::string> ReadAllBytes(const std::string& path,
                                 std::size_t max_bytes) {
  Result<std::unique_ptr<ByteReader>> reader = Open(path, true);
  if (!reader.ok()) return reader.error();
  std::string all;
  while (true) {
    const Result<ByteReader::Chunk> chunk = reader.value()->Read(kForever);
    if (!chunk.ok()) return chunk.error();
    if (chunk.value().state == ByteReader::State::kEnd) return all;
    if (all.size() + chunk.value().bytes.size() > max_bytes) {
      return Error{path + ": more than " + std::to_string(max_bytes) +
                   " bytes"};
    }
    all.append(chunk.value().bytes);
  }
}

}  // namespace premura
