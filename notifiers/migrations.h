// SPDX-License-Identifier: Apache-2.0
// The ledger's schema, as the list of steps that led to it. A step that has
// been released is never changed; a new one is appended.
//
// The SQL keeps to what SQLite and PostgreSQL both take.

#pragma once

#include "notifiers/database.h"
#include "rules/result.h"

namespace premura {

// Brings the schema up to date in one transaction. A
// schema newer than this program is refused: it would be misread.
Status Migrate(Database* database);

// Whether the schema is the one this program knows; changes nothing.
Status CheckSchema(Database* database);

}  // namespace premura
