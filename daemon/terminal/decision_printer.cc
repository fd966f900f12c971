// SPDX-License-Identifier: Apache-2.0
#include "daemon/terminal/decision_printer.h"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <ostream>
#include <utility>
#include <vector>

#include "notifiers/outbox.h"
#include "rules/printable.h"
#include "signals/zones.h"

namespace premura {
namespace {

constexpr std::size_t kMostLines = 10000;

constexpr const char* kGreen = "\x1b[32m";
constexpr const char* kYellow = "\x1b[33m";
constexpr const char* kRed = "\x1b[31m";
constexpr const char* kPlain = "\x1b[0m";

// "frequency_cap (2/7d: ..)"
std::string Because(Reason reason, const std::string& detail) {
  std::string text(ToString(reason));
  if (!detail.empty()) text += fmt::format(" ({})", detail);
  return text;
}

class Printer final : public DecisionPrinter {
 public:
  Printer(std::ostream* out, bool colours, OutreachObserver* next)
      : out_(out), colours_(colours), next_(next) {}

  void OnDecided(const Decided& decided) override {
    next_->OnDecided(decided);
    const Verdict& verdict = decided.verdict;
    const std::lock_guard lock(mutex_);
    switch (verdict.kind) {
      case Verdict::Kind::kSend:
        break;
      case Verdict::Kind::kHold: {
        const std::string until =
            verdict.until ? " until " + FormatUtc(*verdict.until) : "";
        AddLine(decided, kYellow,
                fmt::format("held{}: {}", until,
                            Because(verdict.reason, verdict.detail)));
        break;
      }
      case Verdict::Kind::kSuppress:
        AddLine(decided, kYellow,
                "not sent: " + Because(verdict.reason, verdict.detail));
        return;
    }
    if (waiting_.size() < kMostLines) waiting_.emplace(KeyOf(decided), decided);
  }

  void OnDelivered(const Delivered& delivered) override {
    next_->OnDelivered(delivered);
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(KeyOf(delivered));
    Decided decided;
    if (found != waiting_.end()) {
      decided = found->second;
    } else {  // Decided before a restart, or beyond the bound.
      decided.customer = delivered.customer;
      decided.rule = delivered.rule;
      decided.channel = delivered.channel;
    }
    if (!AddOutcome(decided, delivered)) return;
    if (found != waiting_.end()) waiting_.erase(found);
  }

  void OnTransaction(std::chrono::duration<double> took) override {
    next_->OnTransaction(took);
  }
  void OnLedger(bool healthy, const std::string& problem) override {
    next_->OnLedger(healthy, problem);
  }
  void OnChannel(const std::string& channel, bool usable,
                 const std::string& problem) override {
    next_->OnChannel(channel, usable, problem);
  }
  void OnChannelGone(const std::string& channel) override {
    next_->OnChannelGone(channel);
  }

  void Print() override {
    std::vector<std::string> lines;
    std::size_t left_out = 0;
    {
      const std::lock_guard lock(mutex_);
      lines.swap(lines_);
      std::swap(left_out, left_out_);
    }
    for (const std::string& line : lines) *out_ << line << '\n';
    if (left_out > 0) *out_ << "... and " << left_out << " more\n";
    if (!lines.empty()) out_->flush();
  }

 private:
  // Of a detection, and the action's place in its rule.
  using Key = std::pair<std::string, int>;
  template <typename T>
  static Key KeyOf(const T& what) {
    return {what.detection, what.action};
  }

  // Whether that is how it ends; what is tried again is not shown yet.
  bool AddOutcome(const Decided& decided, const Delivered& delivered) {
    const auto is = [&delivered](DeliveryState state) {
      return delivered.state == ToString(state);
    };
    const std::string because = Because(delivered.reason, delivered.detail);
    if (is(DeliveryState::kSent)) {
      AddLine(decided, kGreen, "sent");
    } else if (is(DeliveryState::kFailed)) {
      AddLine(decided, kRed, "failed: " + because);
    } else if (is(DeliveryState::kSuppressed)) {
      AddLine(decided, kYellow, "not sent: " + because);
    } else if (is(DeliveryState::kUnknown)) {
      AddLine(decided, kRed, "not known whether it arrived: " + because);
    } else {
      return false;
    }
    return true;
  }

  void AddLine(const Decided& decided, const char* colour,
               const std::string& what) {
    if (lines_.size() >= kMostLines) {
      ++left_out_;
      return;
    }
    const std::string why =
        decided.why.empty() ? "" : fmt::format(" ({})", decided.why);
    const std::string with =
        decided.template_name.empty() ? "" : " " + decided.template_name;
    lines_.push_back(fmt::format(
        "{}  {}{}  {}{}  {}{}{}", Printable(decided.customer), decided.rule,
        Printable(why), decided.channel, Printable(with),
        colours_ ? colour : "", Printable(what), colours_ ? kPlain : ""));
  }

  std::ostream* const out_;
  const bool colours_;
  OutreachObserver* const next_;
  std::mutex mutex_;
  std::vector<std::string> lines_;
  std::size_t left_out_ = 0;
  // Decisions that wait for how it went.
  std::map<Key, Decided> waiting_;
};

}  // namespace

std::unique_ptr<DecisionPrinter> NewDecisionPrinter(std::ostream* out,
                                                    bool colours,
                                                    OutreachObserver* next) {
  return std::make_unique<Printer>(out, colours, next);
}

}  // namespace premura
