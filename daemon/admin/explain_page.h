// SPDX-License-Identifier: Apache-2.0
// GET /api/v1/explain?customer=C[&rule=ID]: how far each rule is with a
// customer, as JSON: notifiers/standing_report.h.

#pragma once

#include <mutex>

#include "daemon/admin/admin_server.h"
#include "notifiers/gates.h"
#include "signals/pipeline.h"

namespace premura {

inline constexpr const char* kExplainPath = "/api/v1/explain";

// Thread-safe.
class ExplainPage {
 public:
  // `profiles` must outlive the page, and the page all that it was asked.
  explicit ExplainPage(const ProfileStore* profiles) : profiles_(profiles) {}

  // Says which zone holds where none is known.
  void Use(const RestraintPolicy& restraint) {
    const std::lock_guard lock(mutex_);
    restraint_ = restraint;
  }
  void Answer(Pipeline* pipeline, const AdminQuery& query,
              const AdminReply& reply) const;

 private:
  AdminAnswer Tell(const CustomerStanding& standing,
                   const std::string& rule) const;
  RestraintPolicy restraint() const {
    const std::lock_guard lock(mutex_);
    return restraint_;
  }

  const ProfileStore* const profiles_;
  mutable std::mutex mutex_;
  RestraintPolicy restraint_;  // Guarded by mutex_.
};

}  // namespace premura
