// SPDX-License-Identifier: Apache-2.0
// What is shown of a configuration file, without the secrets that a person
// wrote into it by mistake: the values of `password`, `token`, `old_secret`
// and their like, and of a URL the password, the query, and the path if it is a
// web address. `password_file: PATH` and `${env:NAME}` are no secrets and stay.

#pragma once

#include "rules/diagnostic.h"
#include "rules/document.h"

namespace premura {

// In the source lines and words of `diagnostics`, all of `document`. Each
// character becomes a `*`, so that carets stand where they should.
void HideSecrets(const Document& document, Diagnostics* diagnostics);

}  // namespace premura
