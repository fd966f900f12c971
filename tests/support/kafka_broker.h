// SPDX-License-Identifier: Apache-2.0
// KafkaBroker: a real broker on loopback for the life of the object, and what
// tests do to it.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/time.h"
#include "tests/support/server_process.h"

namespace premura {

struct KafkaTestMessage {
  std::string value;
  std::string key = "";
  std::vector<std::pair<std::string, std::string>> headers = {};
  bool tombstone = false;
  std::optional<Timestamp> time = {};  // Else now.
};

class KafkaBroker {
 public:
  KafkaBroker();
  ~KafkaBroker();
  KafkaBroker(const KafkaBroker&) = delete;
  KafkaBroker& operator=(const KafkaBroker&) = delete;

  std::string bootstrap() const;
  // A new topic; its name begins with `name`.
  std::string CreateTopic(
      const std::string& name, int partitions,
      const std::map<std::string, std::string>& settings = {});
  // Returns once the broker has them all.
  void Produce(const std::string& topic, int partition,
               const std::vector<KafkaTestMessage>& messages);

  void Crash();    // SIGKILL.
  void Restart();  // On its data.
  // SIGSTOP; returns once all of it stands still.
  void Freeze();
  void Thaw();  // SIGCONT.

 private:
  void Signal(int number);

  std::string directory_;
  int port_;
  std::unique_ptr<ServerProcess> process_;
  int topics_ = 0;
};

}  // namespace premura
