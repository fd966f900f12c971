// SPDX-License-Identifier: Apache-2.0
// RecordWriter: what an engine knows, in bytes that outlive the process.
//
// A record stands for itself. The numbers of names and properties differ from
// one process to the next, so it has their texts; and an event that several
// rules keep is in it once, and shared again by whoever reads it.
//
//   version, texts, events, then what has been written, in order
//
// Thread: one at a time.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "rules/symbols.h"
#include "signals/seen_event.h"

namespace premura {

class RecordWriter {
 public:
  // `symbols` must outlive it.
  explicit RecordWriter(const Symbols& symbols);
  ~RecordWriter();
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;

  void Number(std::uint64_t number);  // The smaller the shorter.
  void Fixed(std::uint64_t number);   // Always eight bytes.
  void Flag(bool flag) { Number(flag ? 1 : 0); }
  void Real(double number);
  void Time(Timestamp time);  // The nearer to the one before the shorter.
  void Text(std::string_view text);
  void Packed(std::string_view value);  // AppendPacked().
  void Event(const SeenRef& event);     // May be empty.

  // What is written between them can be passed over. Not one in another.
  void BeginPart();
  void EndPart();

  // The record of all that was written since the last call; live until the
  // next one.
  std::string_view Finish();

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace premura
