// SPDX-License-Identifier: Apache-2.0
#include "notifiers/simulated_contacts.h"

#include "notifiers/ledger.h"

namespace premura {

Status SimulatedContacts::Add(const SimulatedContactRecord& contact) {
  return database_->Run(
      "insert into simulated_contacts (detection, action, rule, customer, "
      "channel, priority, detected_at, at) values (?, ?, ?, ?, ?, ?, ?, ?)",
      {ToSql(contact.detection), ToSql(contact.action), ToSql(contact.rule),
       ToSql(contact.customer), ToSql(contact.channel), ToSql(contact.priority),
       ToSql(contact.detected_at), ToSql(contact.at)});
}

Result<std::optional<Timestamp>> SimulatedContacts::LastOfRule(
    const std::string& rule, const std::string& customer) {
  return QueryTime(
      database_,
      "select max(at) from simulated_contacts where customer = ? and rule = ?",
      {ToSql(customer), ToSql(rule)});
}

Result<std::vector<Contact>> SimulatedContacts::Of(const std::string& customer,
                                                   ContactScope scope,
                                                   Timestamp since,
                                                   Timestamp now) {
  std::vector<Contact> contacts;
  std::string sql =
      "select rule, channel, at, priority from simulated_contacts "
      "where customer = ? and at > ? and ";
  sql.append(ConditionOf(scope)).append(" order by at, action");
  auto status = database_->Run(
      sql, {ToSql(customer), ToSql(since)}, [&](const SqlRow& row) {
        const Timestamp at{Duration(row.Int(2))};
        contacts.push_back({"", std::string(row.Text(0)),
                            std::string(row.Text(1)), at, at > now,
                            static_cast<int>(row.Int(3))});
        return true;
      });
  if (!status.ok()) return status.error();
  return contacts;
}

}  // namespace premura
