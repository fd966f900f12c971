// SPDX-License-Identifier: Apache-2.0
#include "daemon/app.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "daemon/admin/admin_server.h"
#include "daemon/admin/explain_page.h"
#include "daemon/app_parts.h"
#include "daemon/assembly.h"
#include "daemon/checkpoints.h"
#include "daemon/file_watch.h"
#include "daemon/reload.h"
#include "daemon/state_dir.h"
#include "daemon/stateful_pipeline.h"
#include "daemon/telemetry/log.h"
#include "daemon/telemetry/telemetry.h"
#include "daemon/terminal/decision_printer.h"
#include "daemon/version.h"
#include "rules/readable_duration.h"
#include "signals/checkpoint_store.h"
#include "signals/time_limit.h"

namespace premura {
namespace {

using Level = Log::Level;

constexpr Duration kLookAtFiles = std::chrono::seconds(1);
// The ledger's figures are at most this old.
constexpr Duration kFiguresAge = std::chrono::milliseconds(2200);
// Brokers that come up may not know of a topic yet.
constexpr Duration kGoneLimit = std::chrono::seconds(30);

class Daemon final : public App {
 public:
  explicit Daemon(const AppOptions& options)
      : options_(options), clock_(options.clock) {}

  ~Daemon() override { Stop(Duration::zero()); }

  Status Start(Diagnostics* diagnostics);

  void Tick() override;
  bool Reload() override;
  bool Settled() const override;
  bool SourcesEnded() const override;
  std::optional<std::string> Failure() override;
  int admin_port() const override { return admin_->port(); }
  bool Stop(Duration limit) override;

 private:
  Status Load(Diagnostics* diagnostics);
  Status StartParts();
  Status StartOutreach();
  Status StartPipeline();
  Status StartAdmin();
  void TakeOver(const std::shared_ptr<const Config>& config,
                std::shared_ptr<const Assembly> assembly,
                const std::vector<std::string>& waiting);
  std::string MetricsText();
  void TellStopAll(const StopAll& state);
  void TellLeap(const LeapGuard::News& leap);
  void Say(const Config& config);

  const AppOptions options_;
  const Clock* const clock_;

  // In the order in which they lean on one another; the last goes first.
  std::shared_ptr<const Config> config_;
  std::shared_ptr<const Assembly> assembly_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<StateDir> state_dir_;
  std::unique_ptr<Telemetry> telemetry_;
  std::unique_ptr<DecisionPrinter> printer_;
  ProfileStore profiles_;
  const std::unique_ptr<ExplainPage> explain_ =
      std::make_unique<ExplainPage>(&profiles_);
  std::unique_ptr<TransferPool> pool_;
  std::unique_ptr<Outreach> outreach_;
  const DetectionCount waiting_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::unique_ptr<OutputSink> sink_;
  std::unique_ptr<StatefulPipeline> stateful_;
  Pipeline* pipeline_ = nullptr;  // Of stateful_.
  std::unique_ptr<FileWatch> watch_;
  std::unique_ptr<AdminServer> admin_;
  Timestamp looked_at_{};
  mutable std::optional<Timestamp> finished_at_;
  bool stop_all_ = false;
  bool stopped_ = false;
  std::optional<TimeLimit> gone_;  // Of what the state is kept in.
  bool done_ = true;
};

// Nothing that is saved meanwhile is missed: what is read is looked at before.
// The first reading only tells where to look.
Status Daemon::Load(Diagnostics* diagnostics) {
  LoadedConfig loaded = LoadConfig(options_.config_path, options_.config);
  if (loaded.config) {
    config_ = loaded.config;
    watch_ =
        std::make_unique<FileWatch>([this] { return WatchedPaths(*config_); });
    loaded = LoadConfig(options_.config_path, options_.config);
  }
  *diagnostics = std::move(loaded.diagnostics);
  config_ = loaded.config;
  if (!config_) return Error{"the configuration has mistakes"};
  LoadedAssembly assembled = Assemble(*config_, nullptr);
  diagnostics->insert(diagnostics->end(), assembled.diagnostics.begin(),
                      assembled.diagnostics.end());
  assembly_ = assembled.assembly;
  if (!assembly_) return Error{"rules, templates or profiles have mistakes"};
  return {};
}

Status Daemon::Start(Diagnostics* diagnostics) {
  if (Status status = Load(diagnostics); !status.ok()) return status;
  log_ = NewLog(config_->log, clock_, options_.log);
  Status started = StartParts();
  if (!started.ok()) {
    log_->Write(Level::kError, "start_failed", started.error().message);
  }
  return started;
}

Status Daemon::StartParts() {
  auto state_dir = StateDir::Open(config_->state_dir);
  if (!state_dir.ok()) return state_dir.error();
  state_dir_ = std::move(state_dir).value();

  TelemetryOptions telemetry;
  telemetry.version = Version();
  telemetry.channels = ChannelNames(*config_);
  for (const SourceConfig& source : config_->sources) {
    telemetry.sources.push_back(source.id);
  }
  telemetry_ = NewTelemetry(telemetry, clock_, log_.get());
  telemetry_->OnRules(*assembly_->rules);
  profiles_.ReplaceFileLayer(assembly_->profiles);
  if (Status status = StartOutreach(); !status.ok()) return status;
  if (Status status = StartPipeline(); !status.ok()) return status;
  if (Status status = StartAdmin(); !status.ok()) return status;
  telemetry_->OnReload(true);
  pipeline_->Start();
  Say(*config_);
  return {};
}

Status Daemon::StartOutreach() {
  auto pool = NewTransferPool({});
  if (!pool.ok()) return pool.error();
  pool_ = std::move(pool).value();
  explain_->Use(config_->restraint);
  OutreachObserver* observer = telemetry_.get();
  if (options_.decisions != nullptr) {
    printer_ = NewDecisionPrinter(options_.decisions, options_.colours,
                                  telemetry_.get());
    observer = printer_.get();
  }
  OutreachOptions options;
  options.ledger = config_->ledger;
  options.name = config_->name;
  options.instance = state_dir_->name();
  options.has_state =
      config_->kafka_state
          ? state_dir_->known_to_ledger()
          : HasCheckpoints(CheckpointFolder(config_->state_dir));
  options.lease = config_->lease;
  options.retention = config_->ledger_retention;
  auto outreach = NewOutreach(
      options, MakeSettings(*config_, *assembly_, pool_.get(), clock_),
      &profiles_, clock_, observer);
  if (!outreach.ok()) return outreach.error();
  outreach_ = std::move(outreach).value();
  if (auto kept = state_dir_->SetKnownToLedger(); !kept.ok()) return kept;
  sink_ = NewOutreachSink(outreach_.get(), telemetry_.get(), waiting_);
  return {};
}

Status Daemon::StartPipeline() {
  StatefulPipelineOptions options;
  options.config = config_.get();
  options.profiles = &profiles_;
  options.restore_profiles = [this] {
    return outreach_->RestoreProfiles(&profiles_);
  };
  options.sink = sink_.get();
  options.telemetry = telemetry_.get();
  options.log = log_.get();
  options.clock = clock_;
  options.rules = assembly_->rules;
  auto opened = StatefulPipeline::Open(options);
  if (!opened.ok()) return opened.error();
  stateful_ = std::move(opened).value();
  pipeline_ = stateful_->pipeline();
  return {};
}

Status Daemon::StartAdmin() {
  AdminServerOptions options;
  options.host = config_->admin.host;
  options.port = config_->admin.port;
  options.token = config_->admin.token;
  AdminPages pages;
  pages.metrics = [this] { return MetricsText(); };
  pages.readiness = [this] {
    return ReadinessOf(pipeline_->Health(), outreach_->Health(),
                       telemetry_->CheckpointProblem(),
                       telemetry_->DeadLetterProblem());
  };
  pages.api[kExplainPath] = [this](const AdminQuery& query, AdminReply reply) {
    explain_->Answer(pipeline_, query, reply);
  };
  auto admin = NewAdminServer(std::move(options), std::move(pages));
  if (!admin.ok()) return admin.error().WithContext("http.admin");
  admin_ = std::move(admin).value();
  return {};
}

std::string Daemon::MetricsText() {
  telemetry_->Sample(pipeline_->Health(), outreach_->Health());
  telemetry_->OnMemory(ReadProcessMemory());
  return telemetry_->Text();
}

void Daemon::Say(const Config& config) {
  log_->Write(
      Level::kInfo, "started", "premura is running",
      {{"version", Version()},
       {"configuration", config.path},
       {"rules", assembly_->rules->rules().size()},
       {"fingerprint", assembly_->rules->fingerprint()},
       {"admin", fmt::format("{}:{}", config.admin.host, admin_->port())}});
  TellWhatIsKeptByNobody(config, log_.get());
}

void Daemon::Tick() {
  if (printer_) printer_->Print();
  const Timestamp now = clock_->Now();
  if (now - looked_at_ < kLookAtFiles && now >= looked_at_) return;
  looked_at_ = now;
  if (options_.leaps != nullptr) {
    if (const auto leap = options_.leaps->TakeNews()) TellLeap(*leap);
  }
  const OutreachHealth outreach = outreach_->Health();
  telemetry_->Sample(pipeline_->Health(), outreach);
  TellStopAll(outreach.stop_all);
  if (watch_->Changed()) {
    log_->Write(Level::kInfo, "files_changed", "files have changed");
    Reload();
  }
}

// Whoever can write the ledger can throw the switch: who did stands there.
void Daemon::TellStopAll(const StopAll& state) {
  if (state.on == stop_all_) return;
  stop_all_ = state.on;
  log_->Write(Level::kWarning, "stop_all",
              state.on ? "nothing is sent any more" : "sending goes on",
              {{"by", state.by}, {"since", FormatInstant(state.since)}});
}

void Daemon::TellLeap(const LeapGuard::News& leap) {
  const std::string by = ReadableDuration(
      std::chrono::round<std::chrono::seconds>(std::max(leap.by, -leap.by)));
  const std::string what =
      fmt::format("the clock leapt {} {}: ", by,
                  leap.by < Duration::zero() ? "back" : "on");
  const char* const then = leap.gone ? "it has been set right"
                           : leap.followed
                               ? "it has stayed so, and is followed"
                               : "it is followed if it stays so for a minute";
  log_->Write(Level::kWarning, "clock_leapt", what + then);
}

bool Daemon::Reload() {
  // Before reading, and not again: what is saved meanwhile is a change. (So are
  // paths that are new in the configuration: they are read once more.)
  watch_->Accept();
  LoadedConfig loaded = LoadConfig(options_.config_path, options_.config);
  Diagnostics diagnostics = std::move(loaded.diagnostics);
  std::shared_ptr<const Assembly> assembly;
  if (loaded.config) {
    LoadedAssembly assembled = Assemble(*loaded.config, assembly_->rules.get());
    assembly = assembled.assembly;
    diagnostics.insert(diagnostics.end(), assembled.diagnostics.begin(),
                       assembled.diagnostics.end());
  }
  LogDiagnostics(diagnostics, assembly ? "reload_warning" : "reload_mistake",
                 log_.get());
  telemetry_->OnReload(assembly != nullptr);
  if (!assembly) {
    log_->Write(Level::kError, "reload_failed",
                "nothing was taken over; what ran before goes on");
    return false;
  }
  const std::vector<std::string> waiting =
      NeedRestart(*config_, *loaded.config);
  for (const std::string& key : waiting) {
    log_->Write(Level::kWarning, "restart_needed",
                "a change is taken over only at the next start",
                {{"key", key}});
  }
  telemetry_->OnRestartNeeded(!waiting.empty());
  TakeOver(loaded.config, std::move(assembly), waiting);
  return true;
}

// Nothing here can fail.
void Daemon::TakeOver(const std::shared_ptr<const Config>& config,
                      std::shared_ptr<const Assembly> assembly,
                      const std::vector<std::string>& waiting) {
  explain_->Use(config->restraint);
  telemetry_->OnRules(*assembly->rules);
  std::vector<std::string> changed =
      profiles_.ReplaceFileLayer(assembly->profiles);
  // Messages of new rules need the new templates.
  outreach_->Use(MakeSettings(*config, *assembly, pool_.get(), clock_));
  pipeline_->Use(assembly->rules, std::move(changed));
  pipeline_->Use(config->self_preservation);
  // What needs a restart is compared with what runs.
  config_ = std::make_shared<const Config>(TakenOver(*config_, *config));
  const std::string what = WhatChanged(*assembly_->rules, *assembly->rules);
  assembly_ = std::move(assembly);
  const std::string but =
      waiting.empty()
          ? ""
          : fmt::format("; {} not before a restart", fmt::join(waiting, ", "));
  log_->Write(Level::kInfo, "reloaded",
              "rules and settings were taken over" + what + but,
              {{"rules", assembly_->rules->rules().size()},
               {"fingerprint", assembly_->rules->fingerprint()}});
}

bool Daemon::Settled() const {
  if (!pipeline_->Finished()) return false;
  const Timestamp now = clock_->Now();
  if (!finished_at_) finished_at_ = now;
  if (now - *finished_at_ < kFiguresAge) return false;
  const OutreachHealth health = outreach_->Health();
  std::size_t open = 0;
  for (const auto& [state, count] : health.deliveries) {
    if (state != "held" && state != "unknown") open += count;
  }
  // Without its channel a message stays due for good.
  const bool due = health.oldest_pending != Timestamp{} &&
                   HasAllChannels(*assembly_->rules, *config_);
  return open == 0 && !due;
}

bool Daemon::SourcesEnded() const {
  const PipelineHealth health = pipeline_->Health();
  return std::all_of(health.sources.begin(), health.sources.end(),
                     [](const auto& source) { return source.ended; });
}

std::optional<std::string> Daemon::Failure() {
  const PipelineHealth health = pipeline_->Health();
  if (std::all_of(health.sources.begin(), health.sources.end(),
                  [](const auto& source) { return !source.failure.empty(); })) {
    return "every source has failed";
  }
  if (!health.cell_store || !health.cell_store->gone) {
    gone_.reset();
  } else if (!gone_) {
    gone_.emplace(kGoneLimit);
  } else if (gone_->Left() == Duration::zero()) {
    return "the changelog topic is gone; the next start makes it anew, and "
           "what it held is made up for";
  }
  return std::nullopt;
}

bool Daemon::Stop(Duration limit) {
  if (stopped_) return done_;
  stopped_ = true;
  const TimeLimit deadline(limit);
  if (log_ && pipeline_) {
    log_->Write(Level::kInfo, "stopping", "what was read is being finished");
  }
  // Brokers that do not answer take some seconds more. Calls that run get the
  // last fifth at least.
  if (pipeline_) pipeline_->Stop(limit * 3 / 5);
  if (outreach_) outreach_->Stop(deadline.Left());
  if (printer_) printer_->Print();
  admin_.reset();
  if (!log_ || !pipeline_) return true;
  done_ = AllIsDone(*config_, pipeline_->Health(), *waiting_, log_.get());
  log_->Write(Level::kInfo, "stopped", "premura ends");
  return done_;
}

}  // namespace

Result<std::unique_ptr<App>> NewApp(const AppOptions& options,
                                    Diagnostics* diagnostics) {
  auto daemon = std::make_unique<Daemon>(options);
  const Status started = daemon->Start(diagnostics);
  if (!started.ok()) return started.error();
  return std::unique_ptr<App>(std::move(daemon));
}

}  // namespace premura
