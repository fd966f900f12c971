// SPDX-License-Identifier: Apache-2.0
#include "daemon/simulation/simulation.h"

#include <utility>

#include "daemon/simulation/simulation_parts.h"

namespace premura {

const char* ToString(SimulatedContact::What what) {
  switch (what) {
    case SimulatedContact::What::kSent:
      return "sent";
    case SimulatedContact::What::kHeld:
      return "held";
    case SimulatedContact::What::kNotSent:
      return "not_sent";
  }
  return "";
}

Result<std::unique_ptr<Simulation>> NewSimulation(SimulationOptions options) {
  if (options.gates) return NewSimulationOfContacts(std::move(options));
  return NewSimulationOfDetections(std::move(options));
}

}  // namespace premura
