// SPDX-License-Identifier: Apache-2.0
#include "daemon/simulation/decode_ahead.h"

#include <cstdint>
#include <deque>
#include <future>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "daemon/simulation/past_decoders.h"
#include "signals/bounded_queue.h"

namespace premura {
namespace {

constexpr std::size_t kBatchRecords = 2048;
constexpr std::size_t kBatchBytes = std::size_t{512} << 10;
constexpr std::size_t kBatchesPerThread = 2;

// Records with all their bytes.
class RecordBatch {
 public:
  void Add(const Record& record) {
    Kept& kept = records_.emplace_back();
    kept.record = record;
    kept.value = Keep(record.value);
    kept.key = Keep(record.key);
    kept.first_header = headers_.size();
    for (const Header& header : record.headers) {
      headers_.push_back({Keep(header.name), Keep(header.value)});
    }
  }
  bool full() const {
    return records_.size() >= kBatchRecords || bytes_.size() >= kBatchBytes;
  }
  bool empty() const { return records_.empty(); }
  void Clear() {
    records_.clear();
    headers_.clear();
    bytes_.clear();
  }

  // Nothing may be added any more.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    std::vector<Header> headers;
    headers.reserve(headers_.size());
    for (const auto& [name, value] : headers_) {
      headers.push_back({View(name), View(value)});
    }
    for (const Kept& kept : records_) {
      Record record = kept.record;
      record.value = View(kept.value);
      record.key = View(kept.key);
      record.headers = {headers.data() + kept.first_header,
                        record.headers.size()};
      visit(record);
    }
  }

 private:
  struct Part {
    std::size_t at = 0;
    std::size_t size = 0;
    bool is_null = false;  // A tombstone is no empty text.
  };
  struct Kept {
    Record record;  // Its views are dead.
    Part value, key;
    std::size_t first_header = 0;
  };

  Part Keep(std::string_view text) {
    const Part part{bytes_.size(), text.size(), text.data() == nullptr};
    bytes_ += text;
    return part;
  }
  std::string_view View(const Part& part) const {
    if (part.is_null) return {};
    return std::string_view(bytes_).substr(part.at, part.size);
  }

  std::string bytes_;
  std::vector<Kept> records_;
  std::vector<std::pair<Part, Part>> headers_;
};

struct Batch {
  RecordBatch records;
  DecodedEvents decoded;
  std::promise<void> done;
};

// Decodes again what the batch at hand holds.
class Replayed final : public EventDecoder {
 public:
  explicit Replayed(std::vector<std::unique_ptr<EventDecoder>>* decoders)
      : decoders_(decoders) {}

  void Decode(const Record& record, DecodeSink* sink) override {
    Record in_batch = record;
    in_batch.position -= first_;
    batch_->Decode(in_batch, sink);
  }
  void Use(const Symbols* symbols) override {
    for (const auto& decoder : *decoders_) decoder->Use(symbols);
  }
  // `first`: the position of its first event.
  void Play(DecodedEvents* batch, std::int64_t first) {
    batch_ = batch;
    first_ = first;
  }

 private:
  std::vector<std::unique_ptr<EventDecoder>>* const decoders_;
  DecodedEvents* batch_ = nullptr;
  std::int64_t first_ = 0;
};

class DecodeAheadImpl final : public DecodeAhead {
 public:
  explicit DecodeAheadImpl(std::vector<std::unique_ptr<EventDecoder>> decoders)
      : decoders_(std::move(decoders)),
        most_(decoders_.size() * kBatchesPerThread),
        queue_(most_) {}

  ~DecodeAheadImpl() override {
    queue_.Close();
    for (std::thread& thread : threads_) thread.join();
  }

  EventDecoder* decoder() override { return &replayed_; }

  Status Read(PastEvents* events, const PastEvents::Take& take) override {
    for (const auto& decoder : decoders_) {
      threads_.emplace_back([this, decoder = decoder.get()] { Work(decoder); });
    }
    batch_ = NextBatch();
    Status read = events->Read([&](const Record& record) -> Status {
      batch_->records.Add(record);
      if (!batch_->records.full()) return {};
      Send();
      return under_way_.size() < most_ ? Status() : HandOnOldest(take);
    });
    if (!read.ok()) return read;
    if (!batch_->records.empty()) Send();
    while (!under_way_.empty()) {
      if (Status given = HandOnOldest(take); !given.ok()) return given;
    }
    return {};
  }

 private:
  void Work(EventDecoder* decoder) {
    while (const std::optional<Batch*> batch = queue_.Pop()) {
      (*batch)->records.ForEach([&](const Record& record) {
        decoder->Decode(record, &(*batch)->decoded);
      });
      (*batch)->done.set_value();
    }
  }

  std::unique_ptr<Batch> NextBatch() {
    if (spare_.empty()) return std::make_unique<Batch>();
    std::unique_ptr<Batch> batch = std::move(spare_.back());
    spare_.pop_back();
    return batch;
  }

  void Send() {
    under_way_.push_back(std::move(batch_));
    queue_.Push(under_way_.back().get());
    batch_ = NextBatch();
  }

  Status HandOnOldest(const PastEvents::Take& take) {
    Batch* const batch = under_way_.front().get();
    batch->done.get_future().wait();
    replayed_.Play(&batch->decoded, position_);
    Record record;
    for (std::size_t i = 0; i < batch->decoded.size(); ++i) {
      record.position = position_ + static_cast<std::int64_t>(i);
      if (Status taken = take(record); !taken.ok()) return taken;
    }
    position_ += static_cast<std::int64_t>(batch->decoded.size());
    batch->records.Clear();
    batch->decoded.Clear();
    batch->done = {};
    spare_.push_back(std::move(under_way_.front()));
    under_way_.pop_front();
    return {};
  }

  std::vector<std::unique_ptr<EventDecoder>> decoders_;
  Replayed replayed_{&decoders_};
  const std::size_t most_;
  BoundedQueue<Batch*> queue_;
  std::unique_ptr<Batch> batch_;  // That is being filled.
  std::deque<std::unique_ptr<Batch>> under_way_;
  std::vector<std::unique_ptr<Batch>> spare_;
  std::int64_t position_ = 0;  // Of the next event that is handed on.
  std::vector<std::thread> threads_;
};

}  // namespace

Result<std::unique_ptr<DecodeAhead>> NewDecodeAhead(
    int threads,
    const std::function<Result<std::unique_ptr<EventDecoder>>()>& make) {
  std::vector<std::unique_ptr<EventDecoder>> decoders;
  for (int i = 0; i < threads; ++i) {
    auto decoder = make();
    if (!decoder.ok()) return decoder.error();
    decoders.push_back(std::move(decoder).value());
  }
  return std::unique_ptr<DecodeAhead>(
      std::make_unique<DecodeAheadImpl>(std::move(decoders)));
}

}  // namespace premura
