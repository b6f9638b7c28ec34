#include "engine/routes/images/streams.h"

#include <gtest/gtest.h>

#include <future>

namespace hull::engine::routes {
namespace {

/// An exchange whose client reads when the test lets it.
class SlowClient final : public http::Exchange {
 public:
  std::promise<void> reads;
  std::string answer;
  int status = 0;
  bool gone = false;

  const http::Request& request() const override { return asked_; }
  Result<std::string> read_body(Bytes) override { return std::string(); }
  Result<size_t> read_some(std::span<char>) override { return size_t{0}; }
  void set_header(std::string_view, std::string_view) override {}
  Result<void> send(int code, std::string_view, std::string_view text) override {
    status = code;
    answer = text;
    return {};
  }
  Result<void> begin_stream(int code, std::string_view) override {
    status = code;
    return {};
  }
  Result<void> write(std::string_view data) override {
    waiting_.wait();
    if (gone) return cancelled("client went away");
    answer += data;
    return {};
  }
  Result<void> end_stream() override { return {}; }
  Result<http::Hijacked> hijack(std::string_view) override { return unimplemented("no connection"); }
  void abandon() override {}
  bool answered() const override { return status != 0; }
  std::stop_token stop_token() const override { return {}; }

 private:
  http::Request asked_;
  std::shared_future<void> waiting_ = reads.get_future().share();
};

api::ProgressMessage bar(const std::string& id, int64_t current) {
  return {.status = "Downloading",
          .detail = api::ProgressDetail{.current = current, .total = 1000},
          .bar = std::to_string(current),
          .id = id};
}

TEST(AnswerProgress, AClientThatDoesNotReadHoldsNobodyUp) {
  SlowClient client;
  AnswerProgress progress(client);
  MUST(progress.status("Pulling"));
  for (int i = 1; i <= 1000; ++i) MUST(progress.send(bar("layer", i)));  // comes to its end though nothing is read
  MUST(progress.status("layer", "Download complete"));
  client.reads.set_value();
  MUST(progress.finish({}));
  EXPECT_EQ(client.status, 200);
  EXPECT_NE(client.answer.find("Pulling"), std::string::npos);
  EXPECT_NE(client.answer.find("\"1000\""), std::string::npos) << "the last bar";
  EXPECT_EQ(client.answer.find("\"999\""), std::string::npos) << "bars that were overtaken are left out";
  EXPECT_GT(client.answer.find("Download complete"), client.answer.find("\"1000\"")) << "in order";
}

TEST(AnswerProgress, AnErrorIsTheLastLineOrTheStatus) {
  SlowClient client;
  client.reads.set_value();
  AnswerProgress unbegun(client);
  EXPECT_TRUE(unbegun.finish(not_found("no such image")).is(Code::kNotFound));
  EXPECT_EQ(client.status, 0);
  AnswerProgress begun(client);
  MUST(begun.status("Pulling"));
  MUST(begun.finish(not_found("no such layer")));
  EXPECT_TRUE(client.answer.ends_with("\r\n"));
  EXPECT_GT(client.answer.find("no such layer"), client.answer.find("Pulling"));
}

TEST(AnswerProgress, SendFailsOnceTheClientIsGone) {
  SlowClient client;
  client.gone = true;
  client.reads.set_value();
  AnswerProgress progress(client);
  Result<void> sent;
  while ((sent = progress.status("Pulling")).ok()) std::this_thread::yield();
  EXPECT_TRUE(sent.is(Code::kCancelled));
}

}  // namespace
}  // namespace hull::engine::routes
