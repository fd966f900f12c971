// SPDX-License-Identifier: Apache-2.0
#include "signals/kafka_record.h"

namespace premura {
namespace {

void ReadHeaders(const rd_kafka_message_t& message, std::vector<Header>* into) {
  into->clear();
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) !=
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    return;
  }
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) ==
       RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    into->push_back({name, {static_cast<const char*>(value), size}});
  }
}

}  // namespace

Record RecordOf(const rd_kafka_message_t& message, std::uint32_t number,
                std::vector<Header>* headers) {
  Record record;
  record.value = {static_cast<const char*>(message.payload), message.len};
  record.key = {static_cast<const char*>(message.key), message.key_len};
  record.partition = number;
  record.position = message.offset;
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const std::int64_t time = rd_kafka_message_timestamp(&message, &type);
  if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && time >= 0) {
    record.broker_time = Timestamp(Duration(time));
  }
  ReadHeaders(message, headers);
  record.headers = *headers;
  return record;
}

}  // namespace premura
