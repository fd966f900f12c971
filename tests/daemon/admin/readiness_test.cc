// SPDX-License-Identifier: Apache-2.0
#include "daemon/admin/readiness.h"

#include <gtest/gtest.h>

namespace premura {
namespace {

PipelineHealth::SourceState Source(const std::string& id, bool reachable) {
  PipelineHealth::SourceState source;
  source.id = id;
  source.health.reachable = reachable;
  if (!reachable) source.health.problem = "no broker answers";
  return source;
}

TEST(ReadinessTest, WhatMakesItUnreadyAndWhatIsOnlySaid) {
  OutreachHealth well;
  OutreachHealth no_ledger;
  no_ledger.ledger_ok = false;
  no_ledger.ledger_problem = "disk full";
  auto failed = Source("c", true);
  failed.failure = "the file is gone";
  auto joining = Source("e", true);
  joining.health.joined = false;
  auto ended = Source("d", false);
  ended.ended = true;

  struct Case {
    std::vector<PipelineHealth::SourceState> sources;
    const OutreachHealth& outreach;
    std::string checkpoint;
    std::string text;
    std::string letter = "";
  };
  const Case cases[] = {
      {{Source("a", true)}, well, "", "ready\n"},
      {{}, well, "", "ready\n"},
      {{ended}, well, "", "ready\n"},
      {{joining},
       well,
       "",
       "not ready: the source e has not been given its partitions yet\n"},
      {{Source("a", true)},
       no_ledger,
       "",
       "not ready: the ledger cannot be written: disk full\n"},
      {{Source("a", true)},
       well,
       "disk full",
       "ready, but the checkpoint cannot be written: disk full\n"},
      {{Source("a", true), Source("b", false)},
       well,
       "",
       "ready, but the source b cannot be read: no broker answers\n"},
      {{failed, Source("b", false)},
       well,
       "disk full",
       "not ready: the source c cannot be read: the file is gone; the source "
       "b cannot be read: no broker answers; the checkpoint cannot be written: "
       "disk full\n"},
      {{Source("a", true), Source("b", false)},
       well,
       "disk full",
       "not ready: the dead letter cannot be kept: disk full; the source b "
       "cannot be read: no broker answers; the checkpoint cannot be written: "
       "disk full\n",
       "disk full"},
      {{Source("a", true), Source("b", false)},
       no_ledger,
       "",
       "not ready: the ledger cannot be written: disk full; the source b "
       "cannot be read: no broker answers\n"},
  };
  for (const Case& one : cases) {
    PipelineHealth pipeline;
    pipeline.sources = one.sources;
    const Readiness readiness =
        ReadinessOf(pipeline, one.outreach, one.checkpoint, one.letter);
    EXPECT_EQ(ToText(readiness, true), one.text);
    EXPECT_EQ(ToText(readiness, false),
              readiness.ready() ? "ready\n" : "not ready\n");
  }
}

}  // namespace
}  // namespace premura
