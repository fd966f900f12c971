// SPDX-License-Identifier: Apache-2.0
// The two kinds of Simulation, for simulation.cc.

#pragma once

#include <memory>

#include "daemon/simulation/simulation.h"
#include "rules/result.h"

namespace premura {

// Of options without gates.
std::unique_ptr<Simulation> NewSimulationOfDetections(
    SimulationOptions options);
// REQUIRES: options.gates.
Result<std::unique_ptr<Simulation>> NewSimulationOfContacts(
    SimulationOptions options);

}  // namespace premura
