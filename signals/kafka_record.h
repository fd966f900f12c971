// SPDX-License-Identifier: Apache-2.0
// A librdkafka message as a Record. For the kafka_*.cc files only.

#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <vector>

#include "signals/event_decoder.h"

namespace premura {

// `number`: of the partition. `headers`: the record's, which points to them and
// into the message. REQUIRES: message.err == RD_KAFKA_RESP_ERR_NO_ERROR.
Record RecordOf(const rd_kafka_message_t& message, std::uint32_t number,
                std::vector<Header>* headers);

}  // namespace premura
