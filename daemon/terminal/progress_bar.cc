// SPDX-License-Identifier: Apache-2.0
#include "daemon/terminal/progress_bar.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ostream>
#include <string>
#include <utility>

#include "daemon/terminal/text_table.h"

namespace premura {
namespace {

constexpr Duration kAgain = std::chrono::milliseconds(100);
constexpr int kWidth = 30;
constexpr double kTooEarlyToTell = 0.005;
constexpr const char* kWipe = "\r\x1b[K";

std::string Left(double done, Duration passed) {
  if (done < kTooEarlyToTell) return "";
  const double left = static_cast<double>(passed.count()) / done * (1 - done);
  const auto seconds =
      std::chrono::ceil<std::chrono::seconds>(Duration(std::int64_t(left)));
  const auto count = seconds.count();
  if (count < 60) return fmt::format("  {} s left", count);
  if (count < 3600) {
    return fmt::format("  {} min {} s left", count / 60, count % 60);
  }
  return fmt::format("  {} h {} min left", count / 3600, count / 60 % 60);
}

}  // namespace

ProgressBar::ProgressBar(std::ostream* out, std::function<Duration()> elapsed)
    : out_(out), elapsed_(std::move(elapsed)), begun_(elapsed_()) {}

void ProgressBar::Show(std::optional<double> done) {
  const Duration now = elapsed_();
  if (shown_ && now - *shown_ < kAgain) return;
  shown_ = now;
  if (!done) {
    const auto seconds =
        std::chrono::floor<std::chrono::seconds>(now - begun_).count();
    *out_ << kWipe << fmt::format("{} s so far", seconds) << std::flush;
    return;
  }
  const double share = std::clamp(*done, 0.0, 1.0);
  const int full = static_cast<int>(share * kWidth);
  *out_ << kWipe
        << fmt::format("[{:#<{}}{:.<{}}] {:3} %{}", "", full, "", kWidth - full,
                       static_cast<int>(share * 100), Left(share, now - begun_))
        << std::flush;
}

void ProgressBar::Clear() {
  if (shown_) *out_ << kWipe << std::flush;
  shown_.reset();
}

void ProgressBar::End(std::uint64_t events) {
  Clear();
  const auto seconds = std::chrono::duration<double>(elapsed_() - begun_);
  const double took = std::max(seconds.count(), 0.001);
  *out_ << fmt::format(
               "{} in {:.1f} s: {} a second\n", Counted(events, "event"), took,
               Grouped(static_cast<std::uint64_t>(double(events) / took)))
        << std::flush;
}

}  // namespace premura
