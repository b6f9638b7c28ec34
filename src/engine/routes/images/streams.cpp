#include "engine/routes/images/streams.h"

namespace hull::engine::routes {

Result<void> AnswerProgress::send(const api::ProgressMessage& message) {
  Line line{.bar_of = message.bar.empty() ? "" : message.id, .text = json::format(message) + "\r\n"};
  const std::lock_guard held(mutex_);
  if (failed_) return *failed_;
  if (!writer_.joinable()) {
    // Before the answer begins: without a thread it can still be a status.
    writer_ = TRY(Thread::start("progress", [this] { write_lines(stop_.get_token()); }));
    if (auto begun = exchange_.begin_stream(200, "application/json"); !begun.ok()) {
      failed_ = begun.error();
      return begun;
    }
  }
  const auto same_bar = [&](const Line& other) { return !line.bar_of.empty() && other.bar_of == line.bar_of; };
  std::erase_if(lines_, same_bar);
  lines_.push_back(std::move(line));
  changed_.notify_one();
  return {};
}

void AnswerProgress::write_lines(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !lines_.empty(); })) {
    std::string text;
    for (; !lines_.empty(); lines_.pop_front()) text += lines_.front().text;
    lock.unlock();
    auto written = exchange_.write(text);
    lock.lock();
    if (written.ok()) continue;
    failed_ = std::move(written).error();
    return lines_.clear();
  }
}

/// Once all is written that was sent.
void AnswerProgress::end_writer() {
  stop_.request_stop();
  writer_.join();
}

Result<void> AnswerProgress::finish(Result<void> outcome) {
  if (!outcome.ok()) {
    if (!exchange_.answered()) return outcome;
    api::ProgressMessage message{.error_text = outcome.error().message()};
    message.error = api::ProgressError{.message = outcome.error().message()};
    TRY(send(message));
  }
  end_writer();
  if (!exchange_.answered()) TRY(exchange_.begin_stream(200, "application/json"));
  return exchange_.end_stream();
}

hull::Call patient(Call& call) { return {.stop = call.http().stop_token()}; }

hull::Call prompt(Call& call) {
  constexpr std::chrono::minutes kPromptly{1};
  return hull::Call::within(kPromptly, call.http().stop_token());
}

Result<void> refuse(Call& call, std::string_view parameter) {
  const auto value = call.query(parameter);
  if (!value || value->empty() || *value == "0" || *value == "false") return {};
  return unimplemented("parameter \"" + std::string(parameter) + "\" is not supported: \"" + *value + "\"");
}

}  // namespace hull::engine::routes
