// SPDX-License-Identifier: Apache-2.0
// Dead letters: records that could not be used, kept with their origin and the
// reason, in a file or a Kafka topic. Behind the pipeline's DeadLetterSink.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "rules/result.h"
#include "rules/time.h"
#include "signals/pipeline.h"

namespace premura {

struct FileDeadLetterOptions {
  std::string path{};  // "<state>/dead-letters.jsonl"
  // Beyond this the file becomes "<path>.1", that ".2", and so on; of these
  // `keep` are kept, the oldest goes.
  std::uint64_t max_bytes = std::uint64_t{64} << 20;
  int keep = 8;
  // Longer values and keys are cut; the letter says so.
  std::size_t max_value = std::size_t{64} << 10;
  // When it was refused. Injected.
  std::function<Timestamp()> now{};
  // fdatasync(), unless a test has another.
  std::function<int(int file)> sync{};
};

// One JSON object a line: {"at", "source", "origin", "reason", "detail",
// "bytes", "text" or "base64", "cut", "key" or "key_base64", "headers"}.
// Thread-safe. Fails if the file cannot be opened.
Result<std::unique_ptr<DeadLetterSink>> NewFileDeadLetters(
    FileDeadLetterOptions options);

struct KafkaDeadLetterOptions {
  std::string topic{};
  // librdkafka's properties: brokers, TLS, SASL.
  std::map<std::string, std::string> properties{};
  Duration sync_limit = std::chrono::seconds(10);
  std::function<void(int, const std::string&)> log{};
};

// A message per letter: the record's value, key and headers, and the headers
// premura_source, premura_origin, premura_reason, premura_detail. What a topic
// would not take by default is cut (512 KiB of the value, 64 of the key, 128 of
// headers), and premura_cut_from, premura_key_cut_from (bytes) and
// premura_headers_cut_from (how many) say so. Sync() fails if one has not
// arrived within the limit, Keep() too while the topic refuses many.
// Thread-safe.
Result<std::unique_ptr<DeadLetterSink>> NewKafkaDeadLetters(
    KafkaDeadLetterOptions options);

}  // namespace premura
