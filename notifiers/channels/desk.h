// SPDX-License-Identifier: Apache-2.0
// DeskChannel: a ticket desk that can be asked by key. What is common to such
// desks: search before every create, search after every doubt, and believe
// only a ticket whose own field equals the key.
//
// Thread: as Channel; the protected calls may answer on any thread.

#pragma once

#include <functional>
#include <optional>
#include <string>

#include "notifiers/channel.h"
#include "notifiers/channels/call.h"

namespace premura {

class DeskChannel : public Channel {
 public:
  OnDoubt on_doubt() const override { return OnDoubt::kAsk; }
  void Deliver(const Message& message, Done done) override;
  void Find(const Message& message, Done done) override;

 protected:
  // The ids of tickets whose key field equals the key; or why it could not be
  // asked.
  struct Found {
    std::vector<long> ids;
    std::optional<Outcome> problem;
  };
  virtual void Search(const Message& message,
                      std::function<void(Found)> done) = 0;
  virtual void Create(const Message& message, Done done) = 0;
  virtual TicketReference ReferenceTo(const std::string& id) const = 0;

  Outcome Delivered(Reason reason, const std::string& id) const;
  // An action's own queue or project does not do: a person's turn, but the desk
  // itself works, and the action is tried again for a while.
  static Outcome WrongQueue(std::string words);

 private:
  // kDelivered with the lowest id; nullopt if there is none.
  std::optional<Outcome> OutcomeOf(const Found& found) const;
};

}  // namespace premura
