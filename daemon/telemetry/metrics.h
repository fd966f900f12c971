// SPDX-License-Identifier: Apache-2.0
// Metrics: named counters, gauges and histograms with labels, as Prometheus'
// text. A thin wrapper, so that only metrics.cc knows the library.
//
// Thread-safe. Handles live as long as their Metrics.

#pragma once

#include <memory>
#include <string>
#include <vector>

namespace premura {

// One name with its labels' names; At() gives the series of these values, made
// at the first call. REQUIRES: as many values as names.
class CounterVec {
 public:
  void Add(const std::vector<std::string>& values, double amount = 1);
  // Makes the series with 0, so that its first increase is seen as one.
  void Create(const std::vector<std::string>& values) { Add(values, 0); }

 private:
  friend class Metrics;
  void* family_ = nullptr;
  std::vector<std::string> labels_;
};

class GaugeVec {
 public:
  void Set(const std::vector<std::string>& values, double value);
  void Remove(const std::vector<std::string>& values);

 private:
  friend class Metrics;
  void* family_ = nullptr;
  std::vector<std::string> labels_;
};

class HistogramVec {
 public:
  void Observe(const std::vector<std::string>& values, double value);
  void Create(const std::vector<std::string>& values);

 private:
  friend class Metrics;
  void* family_ = nullptr;
  std::vector<std::string> labels_;
  std::vector<double> buckets_;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();

  CounterVec Counter(const std::string& name, const std::string& help,
                     std::vector<std::string> labels = {});
  GaugeVec Gauge(const std::string& name, const std::string& help,
                 std::vector<std::string> labels = {});
  HistogramVec Histogram(const std::string& name, const std::string& help,
                         std::vector<std::string> labels,
                         std::vector<double> buckets);
  std::string Text() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace premura
