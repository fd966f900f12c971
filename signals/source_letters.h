// SPDX-License-Identifier: Apache-2.0
// SourceLetters: a source's way to the dead letters: tries until they are kept.
// Part of the pipeline.
//
// Thread: the source's.

#pragma once

#include <atomic>
#include <string>

#include "signals/pipeline.h"

namespace premura {

class SourceLetters {
 public:
  // `stopping`: whether to give up what cannot be kept. Pointers must outlive
  // it.
  SourceLetters(std::string id, const Source* source, DeadLetterSink* sink,
                PipelineObserver* observer, const std::atomic<bool>* stopping)
      : id_(std::move(id)),
        source_(source),
        sink_(sink),
        observer_(observer),
        stopping_(stopping) {}

  // Another record is at hand.
  void Begin() { lettered_ = 0; }
  // False: not at once.
  bool Keep(const Record& record, Refusal reason, std::string_view detail);
  // Whether all are durable. Nothing moves on before they are.
  bool Sync();

 private:
  const std::string id_;
  const Source* const source_;
  DeadLetterSink* const sink_;
  PipelineObserver* const observer_;
  const std::atomic<bool>* const stopping_;
  bool lost_ = false;
  unsigned lettered_ = 0;  // By Refusal: the record at hand has its letter.
};

}  // namespace premura
