// SPDX-License-Identifier: Apache-2.0

#include "signals/unpacker.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>
#include <new>
#include <string>

namespace premura {

namespace {

// Members one after the other are read as one.
class GzipUnpacker final : public Unpacker {
 public:
  GzipUnpacker() {
    constexpr int kGzipOnly = 16;
    if (inflateInit2(&stream_, MAX_WBITS + kGzipOnly) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  ~GzipUnpacker() override { inflateEnd(&stream_); }

  Result<std::size_t> Unpack(std::string_view* packed,
                             std::span<char> room) override {
    if (ended_ && !packed->empty()) {
      inflateReset(&stream_);
      ended_ = false;
    }
    if (ended_) return std::size_t{0};
    stream_.next_in =
        reinterpret_cast<Bytef*>(const_cast<char*>(packed->data()));
    stream_.avail_in = Limited(packed->size());
    stream_.next_out = reinterpret_cast<Bytef*>(room.data());
    stream_.avail_out = Limited(room.size());
    const uInt in = stream_.avail_in;
    const uInt out = stream_.avail_out;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
      const char* why = stream_.msg != nullptr ? stream_.msg : "damaged";
      return Error{std::string("gzip: ") + why};
    }
    ended_ = code == Z_STREAM_END;
    packed->remove_prefix(in - stream_.avail_in);
    return std::size_t{out - stream_.avail_out};
  }

  bool complete() const override { return ended_; }

 private:
  static uInt Limited(std::size_t size) {
    return static_cast<uInt>(
        std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
  }

  z_stream stream_{};
  bool ended_ = false;
};

class ZstdUnpacker final : public Unpacker {
 public:
  ZstdUnpacker() : stream_(ZSTD_createDStream()) {
    if (stream_ == nullptr) throw std::bad_alloc();
  }
  ~ZstdUnpacker() override { ZSTD_freeDStream(stream_); }

  Result<std::size_t> Unpack(std::string_view* packed,
                             std::span<char> room) override {
    if (complete_ && packed->empty()) return std::size_t{0};
    ZSTD_inBuffer in{packed->data(), packed->size(), 0};
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    const std::size_t left = ZSTD_decompressStream(stream_, &out, &in);
    if (ZSTD_isError(left) != 0) {
      return Error{std::string("zstd: ") + ZSTD_getErrorName(left)};
    }
    complete_ = left == 0;
    packed->remove_prefix(in.pos);
    return out.pos;
  }

  bool complete() const override { return complete_; }

 private:
  ZSTD_DStream* stream_;
  bool complete_ = false;
};

}  // namespace

std::unique_ptr<Unpacker> NewUnpackerFor(std::string_view first_bytes) {
  if (first_bytes.starts_with("\x1f\x8b")) {
    return std::make_unique<GzipUnpacker>();
  }
  if (first_bytes.starts_with("\x28\xb5\x2f\xfd")) {
    return std::make_unique<ZstdUnpacker>();
  }
  return nullptr;
}

}  // namespace premura
