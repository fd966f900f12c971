// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "daemon/config/config_reader.h"
#include "daemon/config/hide_secrets.h"
#include "rules/document.h"

namespace premura {
namespace {

constexpr int kMaxShards = 256;

void ReadName(Mapping* root, ConfigReader* reader) {
  reader->config()->name =
      reader->PlainName(root, "name", reader->config()->name);
}

void ReadCustomer(Mapping* root, ConfigReader* reader) {
  const Node node = root->Get("customer");
  if (!node) return;
  const auto choice = node.AsChoice("customer", {"account", "user"});
  reader->config()->customer_is_user = choice == std::optional<std::size_t>(1);
}

void ReadProfiles(Mapping* root, ConfigReader* reader) {
  Mapping profiles = root->MappingOf("profiles");
  Config* const config = reader->config();
  config->profile_files = reader->Paths(&profiles, "files");
  config->profiles_from_events = profiles.Bool("from_events").value_or(true);
  profiles.RejectOtherKeys("in `profiles`");
}

void ReadRulePaths(Mapping* root, ConfigReader* reader) {
  Config* const config = reader->config();
  root->Require("rules");
  config->rules = reader->Paths(root, "rules");
  config->templates = reader->Paths(root, "templates");
}

// State moves with the partitions of one source: a customer's events are in
// one of them.
void CheckKafkaState(const Node& node, const Config& config) {
  const auto complain = [&node](const std::string& what,
                                const std::string& hint) {
    node.Complain("`state.kafka` needs " + what, hint);
  };
  if (config.sources.empty()) return;  // Said already.
  const auto* const kafka = std::get_if<KafkaConfig>(&config.sources[0].from);
  if (config.sources.size() > 1) {
    return complain("one source, and there are several",
                    "put all `topics` into one, or leave `state.kafka` out: "
                    "what a customer does must come together");
  }
  if (kafka == nullptr) {
    return complain("a source in Kafka",
                    "leave it out: what is read from a file stays here");
  }
  if (kafka->instance_id.empty()) {
    complain("an `instance_id` in the source",
             "write `instance_id: \"${env:HOSTNAME}\"` below `kafka`: the same "
             "at each start, and another for each instance");
  }
}

void ReadKafkaState(Mapping* state, ConfigReader* reader) {
  const Node node = state->Get("kafka");
  if (!node) return;
  Config* const config = reader->config();
  Mapping kafka = node.AsMapping("kafka");
  KafkaStateConfig read;
  const KafkaConfig* const source = FirstKafka(*config);
  read.changelog_topic = reader->TextOr(
      &kafka, "changelog_topic",
      (source == nullptr ? config->name : source->group) + "-state");
  const Node partitioner = kafka.Get("partitioner");
  if (partitioner) {
    const auto choice =
        partitioner.AsChoice("partitioner", {"murmur2", "crc32"});
    if (choice == std::optional<std::size_t>(1)) {
      read.partitioner = Partitioner::kCrc32;
    }
  }
  constexpr int kMostReplicas = 100;
  read.replication =
      static_cast<int>(kafka.Int("replication", 1, kMostReplicas).value_or(0));
  kafka.RejectOtherKeys("in `kafka`");
  CheckKafkaState(node, *config);
  config->kafka_state = std::move(read);
}

bool IsTopicName(std::string_view name) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= 249 && name != "." && name != ".." &&
         name.find_first_not_of(kAllowed) == name.npos;
}

// The changelog is compacted: of what others write there little would be left,
// and their records are none of its own.
void CheckTopics(Mapping* root, const Config& config) {
  const KafkaConfig* const source = FirstKafka(config);
  if (!config.kafka_state || source == nullptr) return;
  const std::string& changelog = config.kafka_state->changelog_topic;
  const std::string hint =
      "name another `changelog_topic`: it holds state, and nothing else";
  const Node state = root->Get("state");
  if (!IsTopicName(changelog)) {
    state.Complain(
        fmt::format("the changelog's topic would be `{}`, which Kafka refuses",
                    changelog),
        "set `changelog_topic`: letters, digits, `.`, `_` and `-`, at most "
        "249");
  }
  const auto& topics = source->topics;
  if (std::find(topics.begin(), topics.end(), changelog) != topics.end()) {
    state.Complain(fmt::format("`{}` is the changelog and a topic that is read",
                               changelog),
                   hint);
  }
  if (config.dead_letters.topic == changelog) {
    state.Complain(
        fmt::format("`{}` is the changelog and takes dead letters", changelog),
        hint);
  }
}

// Without a ledger that is shared, each would decide for itself.
void CheckSharedLedger(Mapping* root, const Config& config) {
  if (!config.kafka_state || FirstKafka(config) == nullptr ||
      !config.ledger.url.starts_with("sqlite:")) {
    return;
  }
  const Node state = root->Get("state");
  state.Warn(
      "with the ledger in SQLite there can be one instance only",
      "several share `ledger: postgresql://USER@HOST/NAME`; two with ledgers "
      "of their own would write to customers twice");
}

void ReadState(Mapping* root, ConfigReader* reader) {
  Mapping state = root->MappingOf("state");
  Config* const config = reader->config();
  const std::string dir = reader->Path(&state, "dir");
  if (!dir.empty()) {
    config->state_dir = dir;
    reader->CheckWritable(state.Get("dir"), dir, "dir");
  }
  if (const auto every = state.DurationOf("checkpoint_every")) {
    if (*every < std::chrono::milliseconds(100)) {
      state.Get("checkpoint_every")
          .Complain(
              "`checkpoint_every` must be at least 100ms",
              "5s costs little; what came since is read again at a start");
    } else {
      config->checkpoint_every = *every;
    }
  }
  config->rebuild_most =
      state.DurationOf("rebuild_most").value_or(config->rebuild_most);
  ReadKafkaState(&state, reader);
  state.RejectOtherKeys("in `state`");
}

void ReadLedgerUrl(const Node& node, const std::string& what,
                   ConfigReader* reader) {
  DatabaseAddress* const ledger = &reader->config()->ledger;
  const auto url = reader->Expand(node, what);
  if (!url) return;
  if (url->starts_with("sqlite:") && url->size() > 7 && (*url)[7] != ':') {
    const std::string path = reader->PathAt(node, url->substr(7), what);
    if (path.empty()) return;
    ledger->url = "sqlite:" + path;
    reader->CheckWritableFile(node, path, what);
  } else if (url->starts_with("postgresql:") || url->starts_with("postgres:")) {
    ledger->url = *url;
    const Status usable = CheckAddress(*ledger);
    if (usable.ok()) return;
    node.Complain(
        fmt::format("`{}` cannot be used: {}", what, usable.error().message),
        "write postgresql://USER@HOST/NAME, and `password_file` beside `url`");
  } else {
    node.Complain(fmt::format("`{}` is `{}`, which is no ledger", what, *url),
                  "write sqlite:PATH or postgresql://USER@HOST/NAME");
  }
}

void ReadLease(Mapping* ledger, LeaseTerm* lease) {
  const auto term = ledger->DurationOf("lease");
  if (!term) return;
  if (*term < LeaseTerm::kShortest || *term > LeaseTerm::kLongest) {
    ledger->Get("lease").Complain("`lease` must be from 10s to 10m",
                                  "a call to a channel has two thirds of it");
  }
  lease->whole = *term;
}

// A url, or a url and what else it takes.
void ReadLedger(Mapping* root, ConfigReader* reader) {
  Config* const config = reader->config();
  config->ledger.url =
      "sqlite:" +
      (std::filesystem::path(config->state_dir) / "ledger.db").string();
  const Node node = root->Get("ledger");
  if (node && node.kind() == Node::Kind::kMapping) {
    Mapping ledger = root->MappingOf("ledger");
    ledger.Require("url");
    config->ledger.password =
        reader->ReadSecret(&ledger, "password", "ledger.password", false);
    config->ledger.ca = reader->Certificates(&ledger, "ca");
    ReadLedgerUrl(ledger.Get("url"), "url", reader);
    ReadLease(&ledger, &config->lease);
    ledger.RejectOtherKeys("in `ledger`");
  } else {
    ReadLedgerUrl(node, "ledger", reader);
  }
  const auto retention = root->DurationOf("ledger_retention");
  if (!retention) return;
  if (*retention < std::chrono::days(1)) {
    root->Get("ledger_retention")
        .Complain("`ledger_retention` must be at least 1d",
                  "caps and cooldowns look back into the ledger");
  }
  config->ledger_retention = *retention;
}

void ReadShards(Mapping* root, ConfigReader* reader) {
  const Node node = root->Get("shards");
  if (!node) return;
  if (node.kind() == Node::Kind::kScalar && !node.IsNull() &&
      node.AsText("shards") == std::optional<std::string>("auto")) {
    return;
  }
  reader->config()->shards =
      static_cast<int>(node.AsInt("shards", 1, kMaxShards).value_or(0));
}

std::ptrdiff_t CountErrors(const Document& document) {
  const Diagnostics all = document.diagnostics();
  return std::count_if(all.begin(), all.end(), [](const Diagnostic& one) {
    return one.severity == Diagnostic::Severity::kError;
  });
}

// Whether what leads to the ledger is right, whatever else is.
bool ReadRoot(const Document& document, ConfigReader* reader) {
  Mapping root = document.root().AsMapping("configuration");
  if (!root) return false;
  ReadName(&root, reader);
  ReadCustomer(&root, reader);
  ReadSources(&root, reader);
  ReadProfiles(&root, reader);
  ReadRulePaths(&root, reader);
  ReadSelfPreservation(&root, reader);
  ReadDeadLetters(&root, reader);
  const std::ptrdiff_t before = CountErrors(document);
  ReadState(&root, reader);
  ReadLedger(&root, reader);
  const bool leads_to_ledger = CountErrors(document) == before;
  CheckSharedLedger(&root, *reader->config());
  CheckTopics(&root, *reader->config());
  ReadTickets(&root, reader);
  ReadEmail(&root, reader);
  ReadSms(&root, reader);
  ReadRestraint(&root, reader);
  ReadSender(&root, reader);
  ReadDelivery(&root, reader);
  ReadAdmin(&root, reader);
  ReadLog(&root, reader);
  ReadShards(&root, reader);
  root.RejectOtherKeys("");
  return leads_to_ledger;
}

LoadedConfig Read(const std::string& path, Document document,
                  const ConfigOptions& options) {
  auto config = std::make_shared<Config>();
  config->path = path;
  const std::filesystem::path folder =
      std::filesystem::absolute(path).parent_path();
  ConfigReader reader(folder.lexically_normal(), &options, config.get());
  const bool leads_to_ledger = document.root() && ReadRoot(document, &reader);
  LoadedConfig loaded;
  loaded.diagnostics = document.diagnostics();
  HideSecrets(document, &loaded.diagnostics);
  if (!document.root() && loaded.diagnostics.empty()) {
    Diagnostic empty;
    empty.where.file = path;
    empty.message = "the configuration is empty";
    empty.hint = "it needs at least `sources` and `rules`";
    loaded.diagnostics.push_back(empty);
  }
  if (leads_to_ledger) loaded.to_ledger = config;
  if (!HasErrors(loaded.diagnostics)) loaded.config = std::move(config);
  return loaded;
}

}  // namespace

LoadedConfig LoadConfig(const std::string& path, const ConfigOptions& options) {
  return Read(path, Document::Load(path), options);
}

LoadedConfig ReadConfig(const std::string& path, std::string text,
                        const ConfigOptions& options) {
  return Read(path, Document::Parse(path, std::move(text)), options);
}

}  // namespace premura
