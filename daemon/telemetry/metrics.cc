// SPDX-License-Identifier: Apache-2.0
#include "daemon/telemetry/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <cassert>
#include <sstream>

namespace premura {
namespace {

prometheus::Labels Zip(const std::vector<std::string>& names,
                       const std::vector<std::string>& values) {
  assert(names.size() == values.size());
  prometheus::Labels labels;
  for (std::size_t i = 0; i < names.size(); ++i) labels[names[i]] = values[i];
  return labels;
}

// Adding what is there already gives what is there.
template <typename T, typename... Args>
T& Series(void* family, const std::vector<std::string>& names,
          const std::vector<std::string>& values, Args&&... args) {
  auto* const typed = static_cast<prometheus::Family<T>*>(family);
  return typed->Add(Zip(names, values), std::forward<Args>(args)...);
}

}  // namespace

class Metrics::Impl {
 public:
  prometheus::Registry registry;
};

void CounterVec::Add(const std::vector<std::string>& values, double amount) {
  Series<prometheus::Counter>(family_, labels_, values).Increment(amount);
}

void GaugeVec::Set(const std::vector<std::string>& values, double value) {
  Series<prometheus::Gauge>(family_, labels_, values).Set(value);
}

void GaugeVec::Remove(const std::vector<std::string>& values) {
  auto* const family =
      static_cast<prometheus::Family<prometheus::Gauge>*>(family_);
  family->Remove(&Series<prometheus::Gauge>(family_, labels_, values));
}

void HistogramVec::Observe(const std::vector<std::string>& values,
                           double value) {
  Series<prometheus::Histogram>(family_, labels_, values, buckets_)
      .Observe(value);
}

void HistogramVec::Create(const std::vector<std::string>& values) {
  Series<prometheus::Histogram>(family_, labels_, values, buckets_);
}

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

CounterVec Metrics::Counter(const std::string& name, const std::string& help,
                            std::vector<std::string> labels) {
  CounterVec counter;
  counter.family_ = &prometheus::BuildCounter().Name(name).Help(help).Register(
      impl_->registry);
  counter.labels_ = std::move(labels);
  if (counter.labels_.empty()) counter.Create({});
  return counter;
}

GaugeVec Metrics::Gauge(const std::string& name, const std::string& help,
                        std::vector<std::string> labels) {
  GaugeVec gauge;
  gauge.family_ =
      &prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry);
  gauge.labels_ = std::move(labels);
  if (gauge.labels_.empty()) gauge.Set({}, 0);
  return gauge;
}

HistogramVec Metrics::Histogram(const std::string& name,
                                const std::string& help,
                                std::vector<std::string> labels,
                                std::vector<double> buckets) {
  HistogramVec histogram;
  histogram.family_ =
      &prometheus::BuildHistogram().Name(name).Help(help).Register(
          impl_->registry);
  histogram.labels_ = std::move(labels);
  histogram.buckets_ = std::move(buckets);
  if (histogram.labels_.empty()) histogram.Create({});
  return histogram;
}

std::string Metrics::Text() const {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, impl_->registry.Collect());
  return std::move(out).str();
}

}  // namespace premura
