// SPDX-License-Identifier: Apache-2.0
#include "notifiers/open_cases.h"

#include <algorithm>
#include <set>

namespace premura {
namespace {

std::string Pair(const std::string& rule, const std::string& customer) {
  std::string pair = rule;
  pair.push_back('\0');
  return pair + customer;
}

}  // namespace

Status OpenCases::Load() {
  if (shared_) return {};
  auto pairs = outbox_->OpenPairs();
  if (!pairs.ok()) return pairs.error();
  open_.clear();
  for (const auto& [rule, customer] : pairs.value()) {
    open_.insert(Pair(rule, customer));
  }
  tidy_at_ = std::max(kFew, 2 * open_.size());
  return {};
}

// What was sent or failed is not told here one by one.
Status OpenCases::Tidy() { return open_.size() < tidy_at_ ? Status() : Load(); }

Status OpenCases::LookAt(const std::vector<Cancellation>& cancellations) {
  if (!shared_) return {};
  open_.clear();
  std::set<std::string> customers;
  for (const Cancellation& one : cancellations) customers.insert(one.customer);
  if (customers.empty()) return {};
  auto pairs = outbox_->OpenPairs(customers);
  if (!pairs.ok()) return pairs.error();
  for (const auto& [rule, customer] : pairs.value()) Add(rule, customer);
  return {};
}

bool OpenCases::MayBeOpen(const std::string& rule,
                          const std::string& customer) const {
  return open_.contains(Pair(rule, customer));
}

void OpenCases::Add(const std::string& rule, const std::string& customer) {
  const std::string pair = Pair(rule, customer);
  open_.insert(pair);
  dropped_.erase(pair);
}

void OpenCases::Drop(const std::string& rule, const std::string& customer) {
  dropped_.insert(Pair(rule, customer));
}

void OpenCases::OnCommitted() {
  for (const std::string& pair : dropped_) open_.erase(pair);
  dropped_.clear();
}

}  // namespace premura
