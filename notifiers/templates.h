// SPDX-License-Identifier: Apache-2.0
// TemplateSet: what messages say, per language; mustache, read and checked at
// load, so that a message cannot fail at three in the morning.
//
// A template is a file per language, `<name>.<locale>.yaml`, in one of the
// template folders:
//
//   email:                       # the parts it can be used for
//     subject: ..
//     text: |
//       Hello {{customer.first_name}}, ..
//     html: |                    # optional; else made from the text
//   ticket: {subject: .., text: ..}
//   sms: ..
//
// Beside them `_standard.<locale>.yaml`, which closes every email, and
// `_words.<locale>.yaml`, which says codes in words.
//
// Fallback: it-CH -> it -> the configured default locale -> any.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "notifiers/case_record.h"
#include "notifiers/channel.h"
#include "rules/diagnostic.h"
#include "rules/result.h"
#include "signals/profile.h"

namespace premura {

// What every message can say beside the case and the customer.
struct SenderFacts {
  std::string organisation;  // "Example"
  std::string name;          // "Anna Rossi, Example support"
  std::string phone;
  std::string hours;     // "Mon-Fri 9-18 (CET)"
  std::string address;   // Answering address.
  std::string help_url;  // Prefix of articles: help_url + article
  std::string stop_url;  // May be empty: "answer STOP" only.
  // Extra texts of the team's own: {{sender.x}}.
  std::map<std::string, std::string> extra;
  bool extra_unknown = false;  // There may be more of these.
};

// What became of another action of the case.
struct DoneStep {
  enum class What { kSent, kFollows, kOnItsWay, kHeld, kNotSent, kPerhapsSent };
  What what = What::kOnItsWay;
  std::string channel;  // "email"
  Reason reason = Reason::kNone;
  std::optional<Timestamp> time;  // When it was sent; held until.
};

struct RenderInput {
  const CaseRecord* record = nullptr;
  const Profile* profile = nullptr;
  const SenderFacts* sender = nullptr;
  std::optional<TicketReference> ticket;
  std::vector<DoneStep> done;  // In the order of the actions.
  std::string locale;
  std::string timezone;  // IANA; times are shown in it. Empty: UTC.
};

struct Rendered {
  std::string locale;  // Of the template used.
  std::string subject;
  std::string text;
  std::string html;
};

// Immutable, thread-safe.
class TemplateSet {
 public:
  virtual ~TemplateSet() = default;

  // Folders; later ones override earlier ones by name and locale.
  static std::shared_ptr<const TemplateSet> Load(
      std::span<const std::string> folders, const std::string& default_locale,
      Diagnostics* diagnostics);

  virtual bool Has(const std::string& name,
                   const std::string& channel) const = 0;
  virtual std::vector<std::string> Names() const = 0;
  // "en", "it": the languages in which `name` has the part for `channel`.
  virtual std::vector<std::string> Locales(
      const std::string& name, const std::string& channel) const = 0;
  // The event properties that templates name (`{{event.page}}` -> "page"), to
  // be kept of events.
  virtual std::vector<std::string> EventProperties() const = 0;
  // What `name` says of the case for `channel`, in any language, as templates
  // write it: "event.page", "count".
  virtual std::vector<std::string> Facts(const std::string& name,
                                         const std::string& channel) const = 0;
  // What is wrong with using template `name` for `channel` with these sender
  // facts (a missing {{sender.phone}} ..); where: the rule's position.
  virtual Diagnostics Check(const std::string& name, const std::string& channel,
                            const SenderFacts& sender,
                            const SourcePosition& where) const = 0;

  virtual Result<Rendered> Render(const std::string& name,
                                  const std::string& channel,
                                  const RenderInput& input) const = 0;
};

}  // namespace premura
