#include "registry/client/client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "base/fd.h"
#include "base/guarded.h"
#include "base/sys.h"
#include "base/text.h"
#include "registry/client/challenge.h"
#include "registry/client/errors.h"
#include "registry/client/insecure.h"

namespace hull::registry {
namespace {

/// A registry that does what a test says: one answer a connection, byte for byte.
class FakeRegistry {
 public:
  /// Gets the request's head and body, gives the raw answer; the connection is closed after it.
  using Script = std::function<std::string(const std::string& head)>;

  explicit FakeRegistry(Script script) : script_(std::move(script)) {
    socket_ = MUST(sys::socket(AF_INET, SOCK_STREAM));
    sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    CHECK(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    CHECK(listen(socket_.get(), 16) == 0);
    socklen_t length = sizeof address;
    CHECK(getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
    host_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeRegistry() {
    shutdown(socket_.get(), SHUT_RDWR);
    thread_.join();
  }

  const std::string& host() const { return host_; }
  /// The heads of all requests so far, TLS attempts apart.
  std::vector<std::string> requests() const {
    return requests_.with([](const auto& all) { return all; });
  }

 private:
  void serve() {
    while (true) {
      auto connection = sys::accept(socket_);
      if (!connection.ok()) return;
      answer(*connection);
    }
  }
  void answer(const UniqueFd& connection) {
    std::string head;
    std::array<char, 4096> buffer{};
    while (head.find("\r\n\r\n") == std::string::npos) {
      const auto got = sys::read(connection, buffer);
      if (!got.ok() || *got == 0) return;
      head.append(buffer.data(), *got);
      if (head[0] == 0x16) return;  // a TLS greeting
    }
    requests_.with([&](auto& all) { all.push_back(head); });
    (void)sys::write_all(connection, script_(head)).ok();
    shutdown(connection.get(), SHUT_WR);
    while (true) {
      const auto got = sys::read(connection, buffer);
      if (!got.ok() || *got == 0) return;
    }
  }

  Script script_;
  UniqueFd socket_;
  std::string host_;
  std::thread thread_;
  Guarded<std::vector<std::string>> requests_;
};

std::string reply(std::string_view status, const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 " + std::string(status) + "\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

bool asks(const std::string& head, std::string_view path) { return head.find(path) != std::string::npos; }

Call soon() { return Call::within(std::chrono::seconds(20)); }

struct Fixture {
  explicit Fixture(FakeRegistry::Script script, Credentials credentials = {})
      : server([script = std::move(script)](const std::string& head) {
          return asks(head, "GET /v2/ ") ? reply("200 OK", "{}") : script(head);
        }),
        client(http, server.host(), Security::kInsecure, std::move(credentials)),
        name(MUST(image::Reference::parse(server.host() + "/a/b:1"))) {}
  FakeRegistry server;
  Http http{Http::Options{}};
  Client client;
  image::Reference name;
};

image::Descriptor blob_of(const std::string& data) {
  return {.digest = image::Digest::of(data), .size = static_cast<int64_t>(data.size())};
}

Result<std::string> fetch(Fixture& f, const image::Descriptor& blob, int64_t offset = 0) {
  std::string out;
  TRY(f.client.blob(soon(), f.name, blob, offset, [&](std::string_view data) -> Result<void> {
    out += data;
    return {};
  }));
  return out;
}

const std::string kData(100000, 'x');

TEST(RegistryBlob, IsVerified) {
  Fixture f([](const auto&) { return reply("200 OK", kData); });
  EXPECT_EQ(MUST(fetch(f, blob_of(kData))), kData);
  auto other = blob_of("other");
  other.size = static_cast<int64_t>(kData.size());
  EXPECT_EQ(fetch(f, other).code(), Code::kDataLoss);
}

TEST(RegistryBlob, LongerThanSaidIsRefused) {
  Fixture f([](const auto&) { return reply("200 OK", kData + "more"); });
  EXPECT_EQ(fetch(f, blob_of(kData)).code(), Code::kDataLoss);
}

TEST(RegistryBlob, GoesOnWhereTheConnectionBroke) {
  Fixture f([](const std::string& head) {
    if (asks(head, "Range: bytes=40000-"))
      return reply("206 Partial Content", kData.substr(40000), "Content-Range: bytes 40000-99999/100000\r\n");
    return "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + kData.substr(0, 40000);
  });
  EXPECT_EQ(MUST(fetch(f, blob_of(kData))), kData);
}

TEST(RegistryBlob, SkipsWhatAServerWithoutRangesSendsAgain) {
  std::string data;
  for (int i = 0; i < 30000; ++i) data += static_cast<char>(i * 7);
  std::atomic<bool> first = true;
  Fixture f([&](const std::string&) {
    if (first.exchange(false)) return "HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n" + data.substr(0, 10000);
    return reply("200 OK", data);
  });
  EXPECT_EQ(MUST(fetch(f, blob_of(data))), data);
}

TEST(RegistryBlob, EndsWithAnErrorWhereItIsAlwaysTruncated) {
  Fixture f([](const auto&) { return std::string("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"); });
  const auto got = fetch(f, blob_of(kData));
  ASSERT_FALSE(got.ok());
  EXPECT_THAT(got.error().message(), testing::HasSubstr("unexpected EOF"));
}

TEST(RegistryBlob, CredentialsDoNotFollowARedirect) {
  FakeRegistry storage([](const auto&) { return reply("200 OK", kData); });
  Fixture f(
      [&](const std::string& head) {
        if (!asks(head, "Authorization: Basic"))
          return reply("401 Unauthorized", "{}", "WWW-Authenticate: Basic realm=\"x\"\r\n");
        return reply("307 Temporary Redirect", "", "Location: http://" + storage.host() + "/blob\r\n");
      },
      {.username = "anna", .password = "secret"});
  EXPECT_EQ(MUST(fetch(f, blob_of(kData))), kData);
  ASSERT_EQ(storage.requests().size(), 1U);
  EXPECT_THAT(storage.requests()[0], testing::Not(testing::HasSubstr("Authorization")));
}

TEST(RegistryBlob, ARedirectsTargetEarnsNoToken) {
  FakeRegistry thief([](const auto&) { return reply("200 OK", R"({"token":"t"})"); });
  FakeRegistry storage([&](const auto&) {
    return reply("401 Unauthorized", "{}", "WWW-Authenticate: Bearer realm=\"http://" + thief.host() + "/token\"\r\n");
  });
  Fixture f(
      [&](const auto&) { return reply("307 Temporary Redirect", "", "Location: http://" + storage.host() + "/\r\n"); },
      {.username = "anna", .password = "secret"});
  EXPECT_TRUE(fetch(f, blob_of(kData)).is(Code::kUnauthenticated));
  EXPECT_TRUE(thief.requests().empty());
}

TEST(RegistryBlob, AByteAnAnswerIsNoProgress) {
  std::atomic<int> answers = 0;
  Fixture f([&](const std::string& head) {
    const int sent = answers++;
    EXPECT_TRUE(sent == 0 || asks(head, "Range: bytes=" + std::to_string(sent) + "-"));
    return "HTTP/1.1 " + std::string(sent == 0 ? "200 OK" : "206 Partial Content") +
           "\r\nContent-Length: " + std::to_string(kData.size() - sent) + "\r\n\r\nx";
  });
  EXPECT_FALSE(fetch(f, blob_of(kData)).ok());
  EXPECT_EQ(answers, 5);
}

TEST(RegistryTags, EndlessListsAreRefused) {
  std::string page = R"({"tags":["t0")";
  for (int i = 1; i < 50'000; ++i) page += ",\"t" + std::to_string(i) + "\"";
  page += "]}";
  Fixture f([&](const auto&) { return reply("200 OK", page, "Link: </v2/a/b/tags/list?last=t>; rel=\"next\"\r\n"); });
  EXPECT_EQ(f.client.tags(soon(), f.name).code(), Code::kResourceExhausted);
  EXPECT_LE(f.server.requests().size(), 5U);
}

TEST(RegistryTags, TooLongOnesAreLeftOut) {
  Fixture f([](const auto&) { return reply("200 OK", R"({"tags":["good",")" + std::string(129, 'x') + "\"]}"); });
  EXPECT_EQ(MUST(f.client.tags(soon(), f.name)), std::vector<std::string>{"good"});
}

TEST(RegistryManifest, ErrorsAreDockers) {
  Fixture f([](const std::string& head) {
    if (asks(head, "/a/b/"))
      return reply("404 Not Found", R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]})");
    return reply("403 Forbidden",
                 R"({"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]})");
  });
  const auto unknown = f.client.manifest(soon(), f.name);
  EXPECT_TRUE(unknown.is(Code::kNotFound));
  EXPECT_EQ(unknown.error().message(),
            "manifest for " + f.server.host() + "/a/b:1 not found: manifest unknown: manifest unknown");
  const auto denied = f.client.manifest(soon(), MUST(image::Reference::parse(f.server.host() + "/c:1")));
  EXPECT_TRUE(denied.is(Code::kNotFound));
  EXPECT_THAT(denied.error().message(), testing::HasSubstr("repository does not exist or may require 'docker login'"));
}

TEST(RegistryManifest, AnotherDigestThanAskedForIsRefused) {
  const std::string text = R"({"schemaVersion":2,"config":{"digest":")" + image::Digest::of("c").str() +
                           R"(","size":1,"mediaType":"application/vnd.oci.image.config.v1+json"},"layers":[],)"
                           R"("mediaType":"application/vnd.oci.image.manifest.v1+json"})";
  Fixture f([&](const auto&) { return reply("200 OK", text); });
  EXPECT_EQ(MUST(f.client.manifest(soon(), f.name)).digest, image::Digest::of(text));
  EXPECT_EQ(f.client.manifest(soon(), f.name.with_digest(image::Digest::of("other"))).code(), Code::kDataLoss);
  for (const auto algorithm : {image::Algorithm::kSha384, image::Algorithm::kSha512}) {
    image::Hasher hasher(algorithm);
    hasher.update(text);
    EXPECT_EQ(MUST(f.client.manifest(soon(), f.name.with_digest(hasher.digest()))).digest, hasher.digest());
    hasher.update("other");
    EXPECT_EQ(f.client.manifest(soon(), f.name.with_digest(hasher.digest())).code(), Code::kDataLoss);
  }
}

TEST(RegistryManifest, OverFourMegabytesIsRefused) {
  Fixture f([](const auto&) { return reply("200 OK", std::string((4 << 20) + 1, ' ')); });
  EXPECT_EQ(f.client.manifest(soon(), f.name).code(), Code::kResourceExhausted);
}

TEST(RegistryAuth, EarnsABearerTokenForTheScope) {
  std::string host;
  Fixture f([&](const std::string& head) {
    if (asks(head, "GET /token?")) {
      EXPECT_TRUE(asks(head, "service=svc&scope=repository%3Aa%2Fb%3Apull")) << head;
      return reply("200 OK", R"({"token":"t1","expires_in":300})");
    }
    if (asks(head, "Authorization: Bearer t1")) return reply("200 OK", kData);
    return reply("401 Unauthorized", "{}",
                 "WWW-Authenticate: Bearer realm=\"http://" + host + "/token\",service=\"svc\"\r\n");
  });
  host = f.server.host();
  EXPECT_EQ(MUST(fetch(f, blob_of(kData))), kData);
  const size_t before = f.server.requests().size();
  EXPECT_EQ(MUST(fetch(f, blob_of(kData))), kData);
  EXPECT_EQ(f.server.requests().size(), before + 1);  // the token serves again
}

TEST(RegistryAuth, SaysThatCredentialsAreMissing) {
  Fixture f([](const auto&) { return reply("401 Unauthorized", "{}", "WWW-Authenticate: Basic realm=\"x\"\r\n"); });
  const auto got = f.client.manifest(soon(), f.name);
  EXPECT_TRUE(got.is(Code::kUnauthenticated));
  EXPECT_THAT(got.error().message(), testing::HasSubstr("no basic auth credentials"));
}

TEST(RegistryAuth, EndlessRefusalEnds) {
  Fixture f([](const auto&) { return reply("401 Unauthorized", "{}", "WWW-Authenticate: Basic realm=\"x\"\r\n"); },
            {.username = "anna", .password = "wrong"});
  EXPECT_TRUE(f.client.manifest(soon(), f.name).is(Code::kUnauthenticated));
}

TEST(RegistryClient, WaitsAsABusyServerAsks) {
  std::atomic<bool> first = true;
  Fixture f([&](const auto&) {
    return first.exchange(false) ? reply("429 Too Many Requests", "{}", "Retry-After: 0\r\n") : reply("200 OK", kData);
  });
  EXPECT_EQ(MUST(fetch(f, blob_of(kData))), kData);
}

TEST(RegistryClient, RefusedConnectionsReadAsDockers) {
  Http http{Http::Options{}};
  Client client(http, "127.0.0.1:1", Security::kInsecure, {});
  const auto pinged = client.ping(soon());
  EXPECT_TRUE(pinged.is(Code::kUnavailable));
  EXPECT_EQ(pinged.error().message(),
            "Get \"http://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused");
}

TEST(RegistryClient, PlainMeansNoTlsAtAll) {
  std::atomic<int> heads = 0;
  FakeRegistry server([&](const std::string& head) {
    ++heads;
    return asks(head, "GET /v2/ ") ? reply("200 OK", "{}") : reply("400 Bad Request", "");
  });
  Http http{Http::Options{}};
  Client client(http, server.host(), Security::kPlain, {});
  MUST(client.ping(soon()));
  EXPECT_EQ(heads, 1);  // a greeting of TLS would have come first
}

TEST(RegistryClient, StopsWhenTheCallDoes) {
  std::stop_source stop;
  Fixture f([&](const auto&) {
    stop.request_stop();
    return std::string("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nx");
  });
  const auto got = f.client.blob(Call::within(std::chrono::seconds(20), stop.get_token()), f.name, blob_of(kData), 0,
                                 [](std::string_view) { return Result<void>(); });
  EXPECT_FALSE(got.ok());
}

TEST(RegistryPush, UploadsWhatIsNotThere) {
  Fixture f([](const std::string& head) {
    if (asks(head, "HEAD ")) return std::string("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    if (asks(head, "POST ")) return reply("202 Accepted", "", "Location: /v2/a/b/blobs/uploads/7?state=s\r\n");
    return reply("201 Created", "");
  });
  const auto open = []() -> Result<BodySource> {
    return BodySource([left = std::string("data")](std::span<char> buffer) mutable -> Result<size_t> {
      const size_t count = left.copy(buffer.data(), buffer.size());
      left.erase(0, count);
      return count;
    });
  };
  EXPECT_EQ(MUST(f.client.push_blob(soon(), f.name, blob_of("data"), std::nullopt, open)), Pushed::kUploaded);
  EXPECT_THAT(f.server.requests().back(), testing::HasSubstr("PUT /v2/a/b/blobs/uploads/7?state=s&digest=sha256%3A"));
}

TEST(RegistryPush, NeverUploadsToAnotherServer) {
  Fixture f([](const std::string& head) {
    if (asks(head, "HEAD ")) return std::string("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    return reply("202 Accepted", "", "Location: http://127.0.0.1:1/steal\r\n");
  });
  const auto open = []() -> Result<BodySource> { return internal_error("must not be opened"); };
  const auto pushed = f.client.push_blob(soon(), f.name, blob_of("data"), std::nullopt, open);
  ASSERT_FALSE(pushed.ok());
  EXPECT_THAT(pushed.error().message(), testing::HasSubstr("refused to upload to another server"));
}

TEST(Challenge, ReadsSchemesAndParameters) {
  const auto all = parse_challenges(R"(Bearer realm="https://a/t",service="x \"y\"",scope="a:b,c", Basic realm=z)");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].scheme, "bearer");
  EXPECT_EQ(all[0].parameters.at("realm"), "https://a/t");
  EXPECT_EQ(all[0].parameters.at("service"), "x \"y\"");
  EXPECT_EQ(all[0].parameters.at("scope"), "a:b,c");
  EXPECT_EQ(all[1].scheme, "basic");
  EXPECT_EQ(all[1].parameters.at("realm"), "z");
}

TEST(Challenge, EndsAtWhatIsMalformed) {
  EXPECT_TRUE(parse_challenges("").empty());
  EXPECT_TRUE(parse_challenges("=x").empty());
  EXPECT_EQ(parse_challenges("Bearer realm=\"never closed").size(), 1U);
}

TEST(InsecureRegistries, LoopbackAlwaysAndWhatIsListed) {
  const auto list = MUST(InsecureRegistries::parse({"reg.example:5000", "10.0.0.0/8", "Plain"}));
  for (const auto* host : {"localhost", "localhost:5000", "127.0.0.1:5000", "127.9.9.9", "[::1]:5000",
                           "reg.example:5000", "10.1.2.3:80", "plain", "plain:99"})
    EXPECT_TRUE(list.contains(host)) << host;
  for (const auto* host : {"reg.example", "11.0.0.1", "docker.io", "128.0.0.1", "localhost.example"})
    EXPECT_FALSE(list.contains(host)) << host;
}

TEST(InsecureRegistries, MalformedEntriesAreNamed) {
  for (const auto* entry : {"http://x", "10.0.0.0/33", "x/8", ""})
    EXPECT_EQ(InsecureRegistries::parse({entry}).code(), Code::kInvalidArgument) << entry;
}

TEST(WireError, HostileTextIsOneShortLine) {
  HttpResponse response{.status = 500, .body = R"({"errors":[{"code":"X","message":"a\nb\u001bc"}]})"};
  EXPECT_EQ(wire_error(response).text(), "x: a b c");
  response.body = "<html>";
  EXPECT_EQ(wire_error(response).text(), "received unexpected HTTP status: 500");
}

}  // namespace
}  // namespace hull::registry
