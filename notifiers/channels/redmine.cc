// SPDX-License-Identifier: Apache-2.0
// Redmine 5 by its REST API. Ids of fields, trackers and priorities are each
// installation's own and are looked up by name, once and at every Check().
// A search by a field that does not exist matches everything, so what it finds
// is compared again.
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "notifiers/channels.h"
#include "notifiers/channels/desk.h"
#include "notifiers/channels/ticket_ids.h"
#include "notifiers/json_writer.h"
#include "notifiers/text.h"

namespace premura {
namespace {

using simdjson::dom::element;

constexpr std::size_t kSubjectLimit = 255;

struct Ids {
  std::int64_t field = 0;
  std::optional<std::int64_t> tracker;
  std::map<std::string, std::int64_t> priorities;  // By premura's words.
};

struct Named {
  std::int64_t id = 0;
  std::string name;
  bool is_default = false;
};

// The objects of the list `key`, which may stand in the object `inside`.
std::vector<Named> ReadNamed(const std::string& body, const char* inside,
                             const char* key) {
  simdjson::dom::parser parser;
  element root;
  simdjson::dom::array list;
  std::vector<Named> entries;
  if (parser.parse(body).get(root) != simdjson::SUCCESS) return entries;
  if (*inside != '\0' && root[inside].get(root) != simdjson::SUCCESS) {
    return entries;
  }
  if (root[key].get(list) != simdjson::SUCCESS) return entries;
  for (const element entry : list) {
    Named named;
    std::string_view name;
    const std::optional<long> id = IdOf(entry);
    if (!id || entry["name"].get(name) != simdjson::SUCCESS) continue;
    named.id = *id;
    named.name = name;
    named.is_default = entry["is_default"].get_bool().value_unsafe() &&
                       entry["is_default"].error() == simdjson::SUCCESS;
    entries.push_back(std::move(named));
  }
  return entries;
}

// By place, because names are in the installation's language: normal is the
// default, the others stand around it.
std::map<std::string, std::int64_t> RankPriorities(
    const std::vector<Named>& list) {
  std::map<std::string, std::int64_t> ranks;
  if (list.empty()) return ranks;
  const auto found = std::find_if(list.begin(), list.end(),
                                  [](const Named& n) { return n.is_default; });
  const auto normal = found == list.end() ? 0 : found - list.begin();
  const auto at = [&](std::ptrdiff_t place) {
    const auto last = static_cast<std::ptrdiff_t>(list.size()) - 1;
    return list[static_cast<std::size_t>(
                    std::clamp<std::ptrdiff_t>(place, 0, last))]
        .id;
  };
  return {{"low", at(normal - 1)},
          {"normal", at(normal)},
          {"high", at(normal + 1)},
          {"urgent", at(normal + 2)}};
}

// What the issue has in the field; nullopt if it has no such field.
std::optional<std::string> ValueOf(const element& issue, std::int64_t field) {
  simdjson::dom::array fields;
  if (issue["custom_fields"].get(fields) != simdjson::SUCCESS) return {};
  for (const element entry : fields) {
    if (IdOf(entry) != field) continue;
    std::string_view value;
    if (entry["value"].get(value) != simdjson::SUCCESS) value = "";
    return std::string(value);
  }
  return {};
}

bool HasValue(const element& issue, std::int64_t field, std::string_view key) {
  return ValueOf(issue, field) == std::optional<std::string>(key);
}

std::optional<std::vector<long>> IssuesWithKey(const std::string& body,
                                               std::int64_t field,
                                               const std::string& key) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(body).get(root) != simdjson::SUCCESS) return std::nullopt;
  return IdsWithKey(root["issues"].get_array(), [&](const element& issue) {
    return HasValue(issue, field, key);
  });
}

class RedmineChannel final : public DeskChannel {
 public:
  RedmineChannel(RedmineOptions options, TransferPool* pool)
      : options_(std::move(options)), pool_(pool) {
    options_.url = WithoutSlash(options_.url);
  }

  std::string host() const override { return SchemeAndHost(options_.url); }
  void Check(std::function<void(CheckResult)> done) override;

 protected:
  void Search(const Message& message, std::function<void(Found)> done) override;
  void Create(const Message& message, Done done) override;
  TicketReference ReferenceTo(const std::string& id) const override {
    return {options_.desk, id, fmt::format("[#{}]", id), ""};
  }

 private:
  // A step of the look-up: on a good answer goes on, else ends it.
  using Resolved = std::function<void(const Ids*, const Outcome& problem)>;
  void Resolve(Resolved done);
  void ResolveField(Resolved done);
  void ResolveFieldByIssue(Resolved done);
  void ResolveProject(Ids ids, Resolved done);
  void ResolvePriorities(Ids ids, Resolved done);
  // `next` gets answers of status 200 only.
  void Get(const std::string& path, Resolved done,
           std::function<void(const TransferAnswer&)> next);
  void FieldMissing(const Resolved& done) const;

  // Whether issues of the project keep the key; `done` gets nullptr if they do.
  void AskIfKept(const std::string& project,
                 std::function<void(const Outcome* problem)> done);
  std::optional<std::int64_t> KeylessOf(const std::string& project) const;
  bool ShowsField(const std::string& issue) const;
  void Post(const Message& message, Done done);
  Outcome Made(const std::string& project, const std::string& key,
               const std::string& body);
  const std::string& ProjectOf(const Message& message) const {
    return message.queue.empty() ? options_.project : message.queue;
  }

  TransferRequest Request(const std::string& path) const;
  void SearchBy(const Ids& ids, const Message& message,
                std::function<void(Found)> done);
  std::string IssueJson(const Ids& ids, const Message& message) const;
  std::optional<Ids> known() const {
    const std::lock_guard lock(mutex_);
    return ids_;
  }

  RedmineOptions options_;
  TransferPool* const pool_;
  mutable std::mutex mutex_;
  std::optional<Ids> ids_;  // Guarded by mutex_, as is what follows.
  // By project, an issue that came out without the field.
  std::map<std::string, std::int64_t> keyless_;
  Lifeline lifeline_;
};

Outcome Misconfigured(std::string words) {
  return MakeOutcome(Outcome::Verdict::kStop, Reason::kMisconfigured,
                     std::move(words));
}

TransferRequest RedmineChannel::Request(const std::string& path) const {
  TransferRequest request;
  request.url = options_.url + path;
  request.headers = {"Content-Type: application/json"};
  request.secret_headers = {{"X-Redmine-API-Key", options_.key}};
  request.ca_file = options_.ca_file;
  return request;
}

void RedmineChannel::Get(const std::string& path, Resolved done,
                         std::function<void(const TransferAnswer&)> next) {
  pool_->Start(Request(path),
               lifeline_.Guard([done, next](const TransferAnswer& answer) {
                 if (answer.fault != TransferAnswer::Fault::kNone) {
                   done(nullptr, OutcomeOfFault(answer));
                 } else if (answer.code == 401) {
                   done(nullptr,
                        Misconfigured("Redmine does not accept the key"));
                 } else if (answer.code >= 300 && answer.code != 403 &&
                            answer.code != 404) {
                   done(nullptr, OutcomeOfStatus(answer));
                 } else {
                   next(answer);
                 }
               }));
}

void RedmineChannel::Resolve(Resolved done) {
  if (const std::optional<Ids> ids = known()) {
    done(&*ids, {});
  } else {
    ResolveField(std::move(done));
  }
}

void RedmineChannel::ResolveField(Resolved done) {
  Get("/custom_fields.json", done, [this, done](const TransferAnswer& answer) {
    // Only administrators may list the fields.
    if (answer.code != 200) return ResolveFieldByIssue(done);
    for (const Named& field : ReadNamed(answer.body, "", "custom_fields")) {
      if (field.name == options_.key_field) {
        return ResolveProject(Ids{field.id, {}, {}}, done);
      }
    }
    FieldMissing(done);
  });
}

void RedmineChannel::ResolveFieldByIssue(Resolved done) {
  Get(fmt::format("/issues.json?limit=1&status_id=*&project_id={}",
                  UrlEncode(options_.project)),
      done, [this, done](const TransferAnswer& answer) {
        simdjson::dom::parser parser;
        element root;
        element issue;
        if (parser.parse(answer.body).get(root) == simdjson::SUCCESS &&
            root["issues"].at(0).get(issue) == simdjson::SUCCESS) {
          const std::string text = simdjson::minify(issue);
          for (const Named& field : ReadNamed(text, "", "custom_fields")) {
            if (field.name == options_.key_field) {
              return ResolveProject(Ids{field.id, {}, {}}, done);
            }
          }
        }
        FieldMissing(done);
      });
}

void RedmineChannel::FieldMissing(const Resolved& done) const {
  done(nullptr,
       Misconfigured(fmt::format(
           "there is no custom field `{0}` for issues of project `{1}`: add "
           "one of format Text, used as a filter, for all trackers; if it is "
           "there and the key's user is no administrator, the project needs "
           "one issue that shows it; without it Redmine would drop the key in "
           "silence and tickets could come twice",
           options_.key_field, options_.project)));
}

void RedmineChannel::ResolveProject(Ids ids, Resolved done) {
  Get(fmt::format("/projects/{}.json?include=trackers",
                  UrlEncode(options_.project)),
      done, [this, ids, done](const TransferAnswer& answer) mutable {
        if (answer.code != 200) {
          return done(nullptr, Misconfigured(fmt::format(
                                   "there is no project `{}` in Redmine, or "
                                   "the key's user may not see it",
                                   options_.project)));
        }
        if (options_.tracker.empty()) return ResolvePriorities(ids, done);
        for (const Named& tracker :
             ReadNamed(answer.body, "project", "trackers")) {
          if (tracker.name == options_.tracker) ids.tracker = tracker.id;
        }
        if (ids.tracker) return ResolvePriorities(ids, done);
        done(nullptr,
             Misconfigured(fmt::format("project `{}` has no tracker `{}`",
                                       options_.project, options_.tracker)));
      });
}

void RedmineChannel::ResolvePriorities(Ids ids, Resolved done) {
  Get("/enumerations/issue_priorities.json", done,
      [this, ids, done](const TransferAnswer& answer) mutable {
        ids.priorities =
            RankPriorities(ReadNamed(answer.body, "", "issue_priorities"));
        if (ids.priorities.empty()) {
          return done(nullptr, Misconfigured("Redmine has no priorities"));
        }
        {
          const std::lock_guard lock(mutex_);
          ids_ = ids;
        }
        done(&ids, {});
      });
}

void RedmineChannel::Search(const Message& message,
                            std::function<void(Found)> done) {
  Resolve([this, message, done](const Ids* ids, const Outcome& problem) {
    if (ids != nullptr) return SearchBy(*ids, message, done);
    Found found;
    found.problem = problem;
    done(std::move(found));
  });
}

void RedmineChannel::SearchBy(const Ids& ids, const Message& message,
                              std::function<void(Found)> done) {
  const std::string& key = message.key;
  TransferRequest request =
      Request(fmt::format("/issues.json?cf_{}={}&status_id=*&sort=id&limit=100",
                          ids.field, UrlEncode(key)));
  request.end = message.call_end;
  pool_->Start(
      std::move(request), lifeline_.Guard([field = ids.field, key,
                                           done](const TransferAnswer& answer) {
        Found found;
        if (answer.fault != TransferAnswer::Fault::kNone) {
          found.problem = OutcomeOfFault(answer);
        } else if (answer.code != 200) {
          found.problem = OutcomeOfStatus(answer);
        } else if (auto issues = IssuesWithKey(answer.body, field, key)) {
          found.ids = *std::move(issues);
        } else {
          found.problem = Misconfigured("what answers is not Redmine");
        }
        done(std::move(found));
      }));
}

std::string RedmineChannel::IssueJson(const Ids& ids,
                                      const Message& message) const {
  const std::string subject = OneLine(message.subject);
  const auto priority = ids.priorities.find(message.priority);
  return fmt::format(
      R"({{"issue":{{"project_id":{},"subject":{},"description":{},)"
      R"("priority_id":{}{},"custom_fields":[{{"id":{},"value":{}}}]}}}})",
      JsonText(ProjectOf(message)),
      JsonText(CutCharacters(subject, kSubjectLimit)), JsonText(message.text),
      priority == ids.priorities.end() ? ids.priorities.at("normal")
                                       : priority->second,
      ids.tracker ? fmt::format(R"(,"tracker_id":{})", *ids.tracker) : "",
      ids.field, JsonText(message.key));
}

void RedmineChannel::Create(const Message& message, Done done) {
  AskIfKept(ProjectOf(message), [this, message, done](const Outcome* problem) {
    if (problem != nullptr) return done(*problem);
    Post(message, done);
  });
}

// Redmine drops a value whose field is not there for the project and tracker,
// and says nothing. Of the first such issue it is seen; it tells when it is
// mended, too, for then it shows the field.
void RedmineChannel::AskIfKept(
    const std::string& project,
    std::function<void(const Outcome* problem)> done) {
  const std::optional<std::int64_t> issue = KeylessOf(project);
  if (!issue) return done(nullptr);
  const auto failed = [done](const Ids*, const Outcome& problem) {
    done(&problem);
  };
  Get(fmt::format("/issues/{}.json", *issue), failed,
      [this, project, issue, done](const TransferAnswer& answer) {
        // Of an issue that was deleted nothing is told: the next one will tell.
        if (answer.code == 404 || ShowsField(answer.body)) {
          {
            const std::lock_guard lock(mutex_);
            keyless_.erase(project);
          }
          return done(nullptr);
        }
        const std::string words = fmt::format(
            "Redmine keeps no custom field `{}` in issues of project `{}` (see "
            "issue {}): enable it for the project and the tracker; without it "
            "tickets could come twice",
            options_.key_field, project, *issue);
        const Outcome problem = project == options_.project
                                    ? Misconfigured(words)
                                    : WrongQueue(words);
        done(&problem);
      });
}

std::optional<std::int64_t> RedmineChannel::KeylessOf(
    const std::string& project) const {
  const std::lock_guard lock(mutex_);
  const auto keyless = keyless_.find(project);
  if (keyless == keyless_.end()) return std::nullopt;
  return keyless->second;
}

bool RedmineChannel::ShowsField(const std::string& body) const {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(body).get(root) != simdjson::SUCCESS ||
      root["issue"].get(root) != simdjson::SUCCESS) {
    return false;
  }
  const std::optional<Ids> ids = known();
  return !ids || ValueOf(root, ids->field);
}

void RedmineChannel::Post(const Message& message, Done done) {
  const std::optional<Ids> ids = known();  // Search() has looked them up.
  TransferRequest request = Request("/issues.json");
  request.end = message.call_end;
  request.method = "POST";
  request.body = IssueJson(*ids, message);
  pool_->Start(
      std::move(request),
      lifeline_.Guard([this, project = ProjectOf(message), key = message.key,
                       done](const TransferAnswer& answer) {
        if (answer.fault != TransferAnswer::Fault::kNone) {
          return done(OutcomeOfFault(answer));
        }
        if (project != options_.project &&
            (answer.code == 403 || answer.code == 404)) {
          return done(WrongQueue(
              fmt::format("Redmine makes no issue in project `{}`: {}", project,
                          Excerpt(answer))));
        }
        if (answer.code != 201) return done(OutcomeOfStatus(answer));
        done(Made(project, key, answer.body));
      }));
}

Outcome RedmineChannel::Made(const std::string& project, const std::string& key,
                             const std::string& body) {
  simdjson::dom::parser parser;
  element root;
  std::int64_t id = 0;
  if (parser.parse(body).get(root) != simdjson::SUCCESS ||
      root["issue"].get(root) != simdjson::SUCCESS ||
      root["id"].get(id) != simdjson::SUCCESS) {
    return MakeOutcome(Outcome::Verdict::kUnknown, Reason::kUnknownOutcome,
                       "Redmine made an issue but did not say which");
  }
  const std::lock_guard lock(mutex_);
  if (ids_ && !HasValue(root, ids_->field, key)) keyless_[project] = id;
  return Delivered(Reason::kDelivered, std::to_string(id));
}

void RedmineChannel::Check(std::function<void(CheckResult)> done) {
  ResolveField([this, done](const Ids* ids, const Outcome& problem) {
    const auto tell = [this, done](const Outcome* why) {
      if (why == nullptr) return done({});
      done({WhyUnusable(*why), fmt::format("desk `{}` ({}): {}", options_.desk,
                                           host(), why->detail)});
    };
    if (ids == nullptr) return tell(&problem);
    AskIfKept(options_.project, tell);
  });
}

}  // namespace

std::unique_ptr<Channel> NewRedmineChannel(RedmineOptions options,
                                           TransferPool* pool) {
  return std::make_unique<RedmineChannel>(std::move(options), pool);
}

}  // namespace premura
