#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "archive/stream.h"
#include "base/call.h"
#include "base/daemon/thread.h"
#include "engine/images/progress.h"
#include "engine/routes/route.h"

/// Between an exchange and the streams of images.
namespace hull::engine::routes {

/// The body of a request.
class BodySource final : public archive::Source {
 public:
  explicit BodySource(http::Exchange& exchange) : exchange_(exchange) {}
  Result<size_t> read(std::span<char> data) override { return exchange_.read_some(data); }

 private:
  http::Exchange& exchange_;
};

/// The body of an answer.
class AnswerSink final : public archive::Sink {
 public:
  explicit AnswerSink(http::Exchange& exchange) : exchange_(exchange) {}
  Result<void> write(std::string_view data) override { return exchange_.write(data); }

 private:
  http::Exchange& exchange_;
};

/// A JSON object a line. The answer begins with the first one, so that an error before it can still be a status.
///
/// A thread of its own writes to the client: one that does not read (a `docker pull` that was suspended) must not hold
/// up downloads that others wait for, too. Bars that come quicker than they are read replace each other.
class AnswerProgress final : public images::Progress {
 public:
  explicit AnswerProgress(http::Exchange& exchange) : exchange_(exchange) {}
  ~AnswerProgress() override { end_writer(); }
  Result<void> send(const api::ProgressMessage& message) override;
  /// Ends the answer; an error becomes the last line or, where nothing was sent yet, is returned.
  Result<void> finish(Result<void> outcome);

 private:
  struct Line {
    std::string bar_of;  ///< the id that this is a bar of; empty for a line that must arrive
    std::string text;
  };
  void write_lines(const std::stop_token& stop);
  void end_writer();

  http::Exchange& exchange_;
  std::mutex mutex_;  // downloads report from several threads
  std::condition_variable_any changed_;
  std::deque<Line> lines_;       // guarded by mutex_, as all below
  std::optional<Error> failed_;  // the client is gone
  std::stop_source stop_;        // not guarded
  Thread writer_;
};

/// The stop token of the exchange, without a deadline: for work that takes as long as it takes.
hull::Call patient(Call& call);
/// The same for what answers at once.
hull::Call prompt(Call& call);

/// Errors: kUnimplemented, where the request asks for what this engine can't do yet.
Result<void> refuse(Call& call, std::string_view parameter);

}  // namespace hull::engine::routes
