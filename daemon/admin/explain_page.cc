// SPDX-License-Identifier: Apache-2.0
#include "daemon/admin/explain_page.h"

#include <utility>

#include "notifiers/quiet_hours.h"
#include "notifiers/standing_report.h"

namespace premura {
namespace {

std::string ValueOf(const AdminQuery& query, const char* name) {
  const auto value = query.find(name);
  return value == query.end() ? "" : value->second;
}

}  // namespace

AdminAnswer ExplainPage::Tell(const CustomerStanding& standing,
                              const std::string& rule) const {
  if (standing.elsewhere) {
    return {404,
            "another instance has the customer's partition, or this one has it "
            "only just begun to\n"};
  }
  const auto profile = profiles_->Get(standing.customer);
  const std::string zone = ZoneOf(profile.get(), restraint());
  const StandingReport report = MakeStandingReport(standing, zone, rule);
  if (!rule.empty() && report.rules.empty()) {
    return {404, "there is no rule `" + rule + "`\n"};
  }
  return {200, ToJson(report), "application/json"};
}

void ExplainPage::Answer(Pipeline* pipeline, const AdminQuery& query,
                         const AdminReply& reply) const {
  const std::string customer = ValueOf(query, "customer");
  if (customer.empty() || customer.size() > kMaxCustomerBytes) {
    return reply([]() -> AdminAnswer {
      return {400, "say ?customer=.., of at most 256 bytes\n"};
    });
  }
  pipeline->Explain(customer, [this, reply, rule = ValueOf(query, "rule")](
                                  CustomerStanding standing) {
    reply(
        [this, rule, told = std::move(standing)] { return Tell(told, rule); });
  });
}

}  // namespace premura
