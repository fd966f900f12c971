// SPDX-License-Identifier: Apache-2.0
#include "daemon/app_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "daemon/replay.h"
#include "rules/rule_set.h"
#include "signals/changelog_cells.h"
#include "signals/dead_letters.h"
#include "signals/kafka_transaction_log.h"
#include "signals/source.h"

namespace premura {
namespace {

// Event times beyond this are not believed by the clock.
constexpr Duration kFutureCap = std::chrono::minutes(5);

DecoderOptions MakeDecoderOptions(const Config& config,
                                  const SourceConfig& source) {
  DecoderOptions options;
  options.preset = source.preset;
  options.mapping = source.mapping;
  options.customer_is_user = config.customer_is_user;
  options.profiles_from_events = config.profiles_from_events;
  options.max_bytes = source.max_bytes;
  return options;
}

// librdkafka's levels are syslog's.
Log::Level FromSyslog(int level) {
  if (level <= 3) return Log::Level::kError;
  if (level == 4) return Log::Level::kWarning;
  return level <= 6 ? Log::Level::kInfo : Log::Level::kDebug;
}

std::function<void(int, const std::string&)> KafkaLog(Log* log,
                                                      const std::string& id) {
  return [log, id](int level, const std::string& text) {
    log->WriteLimited(FromSyslog(level), "kafka", text, {{"source", id}});
  };
}

Result<std::unique_ptr<Source>> OpenKafka(const KafkaConfig& kafka,
                                          const std::string& id,
                                          const std::string& name, Log* log,
                                          std::optional<Timestamp> make_up,
                                          bool hold) {
  KafkaOptions options;
  options.hold = hold;
  options.make_up_from = make_up;
  options.topics = kafka.topics;
  options.properties = KafkaProperties(kafka, name);
  options.log = KafkaLog(log, id);
  return NewKafkaSource(std::move(options));
}

class OutreachSink final : public OutputSink {
 public:
  OutreachSink(Outreach* outreach, Telemetry* telemetry, DetectionCount waiting)
      : outreach_(outreach),
        telemetry_(telemetry),
        waiting_(std::move(waiting)) {}

  void Submit(ShardOutput output, std::function<void()> durable) override {
    const std::size_t count = output.detections.size();
    telemetry_->OnDetections(output.detections);
    *waiting_ += count;
    outreach_->Submit(std::move(output), [waiting = waiting_, count,
                                          durable = std::move(durable)] {
      *waiting -= count;
      durable();
    });
  }

 private:
  Outreach* const outreach_;
  Telemetry* const telemetry_;
  const DetectionCount waiting_;
};

bool IsStandardInput(const SourceConfig& source) {
  const auto* const replay = std::get_if<ReplayConfig>(&source.from);
  return replay != nullptr && replay->path == "-";
}

void LogDiagnostic(const Diagnostic& diagnostic, std::string_view event,
                   Log* log) {
  const SourcePosition& at = diagnostic.where;
  const bool error = diagnostic.severity == Diagnostic::Severity::kError;
  Log::Fields fields;
  if (at.line > 0) {
    fields.emplace_back("at",
                        fmt::format("{}:{}:{}", at.file, at.line, at.column));
  } else if (!at.file.empty()) {
    fields.emplace_back("at", at.file);
  }
  if (!diagnostic.hint.empty()) fields.emplace_back("hint", diagnostic.hint);
  log->Write(error ? Log::Level::kError : Log::Level::kWarning, event,
             diagnostic.message, fields);
}

}  // namespace

std::unique_ptr<OutputSink> NewOutreachSink(Outreach* outreach,
                                            Telemetry* telemetry,
                                            DetectionCount waiting) {
  return std::make_unique<OutreachSink>(outreach, telemetry,
                                        std::move(waiting));
}

void TellWhatIsKeptByNobody(const Config& config, Log* log) {
  for (const SourceConfig& source : config.sources) {
    if (!IsStandardInput(source)) continue;
    log->Write(Log::Level::kInfo, "standard_input",
               "it cannot be read twice: open windows, and all else that rules "
               "know of its customers, end with this run",
               {{"source", source.id}});
  }
}

bool AllIsDone(const Config& config, const PipelineHealth& pipeline,
               std::size_t detections_waiting, Log* log) {
  bool all = true;
  for (std::size_t i = 0; i < pipeline.sources.size(); ++i) {
    if (!pipeline.sources[i].undone) continue;
    all = false;
    log->Write(Log::Level::kWarning, "undone",
               IsStandardInput(config.sources[i])
                   ? "what was read last is not written, and lost"
                   : "what was read last is not written; it is read again at "
                     "the next start",
               {{"source", pipeline.sources[i].id},
                {"detections_not_written", detections_waiting}});
  }
  return all;
}

Result<std::vector<PipelineSource>> OpenSources(
    const Config& config, Log* log, const Clock* clock,
    std::optional<Timestamp> make_up_from) {
  std::vector<PipelineSource> sources;
  for (const SourceConfig& each : config.sources) {
    auto decoder = NewEventDecoder(MakeDecoderOptions(config, each));
    if (!decoder.ok()) return decoder.error().WithContext(each.id);
    const auto* const kafka = std::get_if<KafkaConfig>(&each.from);
    auto source = kafka
                      ? OpenKafka(*kafka, each.id, config.name, log,
                                  make_up_from, config.kafka_state.has_value())
                      : OpenReplay(std::get<ReplayConfig>(each.from),
                                   MakeDecoderOptions(config, each), clock);
    if (!source.ok()) return source.error().WithContext(each.id);
    PipelineSource made;
    made.id = each.id;
    made.source = std::move(source).value();
    made.decoder = std::move(decoder).value();
    made.intake = each.intake;
    made.intake.future_cap = kFutureCap;
    sources.push_back(std::move(made));
  }
  return sources;
}

Result<std::unique_ptr<CellStore>> OpenCellStore(const Config& config,
                                                 Log* log) {
  const SourceConfig& source = config.sources.front();
  const auto& kafka = std::get<KafkaConfig>(source.from);
  KafkaChangelogOptions topic;
  topic.topic = config.kafka_state->changelog_topic;
  topic.properties = KafkaConnection(kafka, config.name);
  topic.group = kafka.group;
  topic.transactional_id = fmt::format("{}-{}", topic.topic, kafka.instance_id);
  topic.source_topics = kafka.topics;
  topic.replication = config.kafka_state->replication;
  topic.log = KafkaLog(log, source.id);
  const auto partitions = CheckChangelogTopic(topic);
  if (!partitions.ok()) return partitions.error();
  auto opened = OpenKafkaTransactionLog(std::move(topic));
  if (!opened.ok()) return opened.error();
  ChangelogCellsOptions options;
  options.partitions = partitions.value();
  options.partitioner = config.kafka_state->partitioner;
  options.random = [] { return std::random_device{}(); };
  options.tell = [log](bool problem, const std::string& what) {
    log->Write(problem ? Log::Level::kWarning : Log::Level::kInfo, "state",
               what);
  };
  return NewChangelogCells(std::move(opened).value(), std::move(options));
}

Result<std::unique_ptr<DeadLetterSink>> OpenDeadLetters(const Config& config,
                                                        Log* log,
                                                        const Clock* clock) {
  const DeadLetterConfig& letters = config.dead_letters;
  if (const KafkaConfig* const kafka = FirstKafka(config);
      kafka != nullptr && !letters.topic.empty()) {
    KafkaDeadLetterOptions options;
    options.topic = letters.topic;
    options.properties = KafkaConnection(*kafka, config.name);
    options.log = KafkaLog(log, "dead_letters");
    return NewKafkaDeadLetters(std::move(options));
  }
  FileDeadLetterOptions options;
  options.path = config.state_dir + "/dead-letters.jsonl";
  options.max_bytes = letters.max_size;
  options.keep = letters.keep;
  options.now = [clock] { return clock->Now(); };
  return NewFileDeadLetters(std::move(options));
}

bool Ends(const Config& config) {
  return std::all_of(config.sources.begin(), config.sources.end(),
                     [](const SourceConfig& source) {
                       return std::holds_alternative<ReplayConfig>(source.from);
                     });
}

std::vector<std::string> WatchedPaths(const Config& config) {
  std::vector<std::string> paths = {config.path};
  const auto rules = ExpandRulePaths(config.rules);
  if (rules.ok()) {
    paths.insert(paths.end(), rules.value().begin(), rules.value().end());
  }
  // A folder shows what was added to it.
  paths.insert(paths.end(), config.templates.begin(), config.templates.end());
  paths.insert(paths.end(), config.profile_files.begin(),
               config.profile_files.end());
  for (const auto& [key, origin] : config.secret_origins) {
    if (origin.first.ends_with("_file")) paths.push_back(origin.second);
  }
  return paths;
}

std::vector<std::string> ChannelNames(const Config& config) {
  std::vector<std::string> names;
  for (const auto& [name, desk] : config.tickets) {
    names.push_back("ticket:" + name);
  }
  if (config.email) names.emplace_back("email");
  if (config.sms) names.emplace_back("sms");
  return names;
}

void LogDiagnostics(const Diagnostics& diagnostics, std::string_view event,
                    Log* log) {
  constexpr std::size_t kMost = 20;
  std::size_t count = 0;
  for (const auto severity :
       {Diagnostic::Severity::kError, Diagnostic::Severity::kWarning}) {
    for (const Diagnostic& diagnostic : diagnostics) {
      if (diagnostic.severity != severity || ++count > kMost) continue;
      LogDiagnostic(diagnostic, event, log);
    }
  }
  if (count <= kMost) return;
  log->Write(Log::Level::kWarning, event,
             fmt::format("{} more: `premura check` shows them", count - kMost));
}

}  // namespace premura
