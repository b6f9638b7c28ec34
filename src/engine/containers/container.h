#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/call.h"
#include "base/result.h"
#include "engine/containers/record.h"
#include "engine/logs/json_file.h"
#include "engine/stdio/hub.h"

namespace hull::engine {

/// One container in memory. Readers take its record at any time; whoever changes it holds the turn. Thread-safe.
class Container : public std::enable_shared_from_this<Container> {
 public:
  Container(RecordPtr record, std::shared_ptr<stdio::Hub> hub)
      : id_(record->id), hub_(std::move(hub)), record_(std::move(record)) {}

  const std::string& id() const { return id_; }
  RecordPtr record() const;
  stdio::Hub& hub() const { return *hub_; }
  const std::shared_ptr<stdio::Hub>& shared_hub() const { return hub_; }

  /// The right to change the container, one at a time; given back when it goes. It is no lock: readers don't wait for
  /// it, and calls to other processes are made under it.
  class Turn {
   public:
    explicit Turn(std::shared_ptr<Container> container) : container_(std::move(container)) {}
    Turn(Turn&& other) noexcept = default;
    Turn& operator=(Turn&&) = delete;
    ~Turn();

   private:
    std::shared_ptr<Container> container_;  // it may leave the index meanwhile
  };
  /// Errors: kCancelled, kDeadlineExceeded.
  Result<Turn> take_turn(const Call& call);

  /// The same of one that was not removed meanwhile. Errors: kNotFound, too.
  Result<Turn> take_turn_if_exists(const Call& call);

  /// Shows the new record to readers and wakes who waits for a change. Under the turn.
  void publish(RecordPtr next);
  /// After publish() of a state in which the run is over.
  void count_exit();
  /// The container is no more.
  void mark_removed();

  /// What next_exit() and removed waits look at.
  struct Moment {
    uint64_t exits = 0;
    bool removed = false;
    int64_t last_exit_code = 0;
  };
  Moment moment() const;
  /// Returns the moment at which the condition held. Errors: kCancelled, kDeadlineExceeded.
  Result<Moment> wait(const Call& call, const std::function<bool(const ContainerRecord&, const Moment&)>& condition);

  /// Of the log that is being written, for those who follow it; null while nothing is.
  std::shared_ptr<const logs::Progress> log_progress() const;
  void set_log_progress(std::shared_ptr<const logs::Progress> progress);

 private:
  const std::string id_;
  const std::shared_ptr<stdio::Hub> hub_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  RecordPtr record_;                                // guarded by mutex_
  Moment moment_;                                   // guarded by mutex_
  bool busy_ = false;                               // guarded by mutex_: the turn is taken
  std::shared_ptr<const logs::Progress> progress_;  // guarded by mutex_
};
using ContainerPtr = std::shared_ptr<Container>;

}  // namespace hull::engine
