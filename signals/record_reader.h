// SPDX-License-Identifier: Apache-2.0
// RecordReader: takes out of a record what a RecordWriter put in, in the same
// order.
//
// The bytes may be any: once something is not there, or cannot be, the reader
// has failed, and answers zeros and empty texts from then on. So whoever reads
// need only ask at the end.
//
// Thread: one at a time.

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "rules/result.h"
#include "rules/symbols.h"
#include "signals/record_format.h"
#include "signals/seen_event.h"

namespace premura {

class RecordReader {
 public:
  // Both must outlive it.
  RecordReader(std::string_view record, const Symbols& symbols);
  RecordReader(const RecordReader&) = delete;
  RecordReader& operator=(const RecordReader&) = delete;

  bool ok() const { return ok_; }
  // What was read cannot be.
  void Fail();
  // How it went; what is left over is a failure too.
  Status Close();

  std::uint64_t Number();
  std::uint32_t Small();  // A Number() of at most 32 bits.
  std::size_t Count();    // Of what follows, each at least a byte.
  std::uint64_t Fixed();
  bool Flag();
  double Real();              // Finite.
  Timestamp Time();           // Far from overflow, or kNever or kUnseen.
  std::string_view Text();    // A view of the record.
  std::string_view Packed();  // As Text(), for Unpack().
  SeenRef Event();

  void BeginPart();
  void EndPart();
  void SkipPart();

 private:
  void ReadTexts();
  void ReadEvents();
  void ReadEvent(PackedEvent* event);
  std::string_view TextOf(std::uint64_t number);

  const Symbols& symbols_;
  bool ok_ = true;
  unsigned char version_ = kRecordVersion;
  std::string_view rest_;
  std::string_view after_;  // Behind the part.
  std::vector<std::string_view> texts_;
  std::vector<SeenRef> events_;
  Timestamp time_{};         // The last one,
  Timestamp time_before_{};  // and the last one before the part.
};

}  // namespace premura
