#include "registry/client/client.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/guarded.h"
#include "base/json.h"
#include "base/text.h"
#include "registry/client/errors.h"
#include "spec/image/media_type.h"

namespace hull::registry {
namespace {

constexpr int kMaxAttempts = 5;

std::string host_of(const std::string& domain) {
  return domain == "docker.io" || domain == "index.docker.io" ? "registry-1.docker.io" : domain;
}

std::string pull_scope(const std::string& path) { return "repository:" + path + ":pull"; }
std::string push_scope(const std::string& path) { return "repository:" + path + ":pull,push"; }

/// Sleeps, unless the call is stopped or would be over by then.
bool pause(const Call& call, std::chrono::milliseconds time) {
  if (std::chrono::steady_clock::now() + time >= call.deadline) return false;
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, call.stop, time, [] { return false; });
  return !call.stop.stop_requested();
}

/// What a registry that is busy asks for, within reason.
std::chrono::milliseconds retry_delay(const HttpResponse* response, int attempt) {
  constexpr int64_t kLongest = 30;
  const auto asked = response ? response->header("retry-after") : std::nullopt;
  if (const auto seconds = asked ? parse_integer<int64_t>(*asked) : std::nullopt)
    return std::chrono::seconds(std::clamp<int64_t>(*seconds, 0, kLongest));
  return std::chrono::milliseconds(200) * (1 << attempt);
}

bool is_busy(int status) { return status == 429 || status == 502 || status == 503 || status == 504; }

/// A blob on its way here, over one answer or several.
class BlobDownload {
 public:
  BlobDownload(const image::Descriptor& blob, int64_t offset, const BlobSink& sink)
      : blob_(blob), offset_(offset), sink_(sink), hasher_(blob.digest.algorithm()) {}

  int64_t offset() const { return offset_; }
  bool complete() const { return offset_ >= blob_.size; }
  /// Whether this end refused bytes.
  bool failed() const { return failed_; }

  AnswerSink answer_sink() {
    // A server that does not know ranges sends the blob from its beginning.
    return [this, start = offset_, skip = offset_](const HttpResponse& head, std::string_view data) mutable {
      if (head.status == 206 || start == 0) skip = 0;
      const auto skipped = std::min<size_t>(data.size(), static_cast<size_t>(skip));
      skip -= static_cast<int64_t>(skipped);
      auto taken = take(data.substr(skipped));
      failed_ = !taken.ok();
      return taken;
    };
  }
  Error ended_early() const {
    return data_loss("blob " + blob_.digest.str() + " ended after " + std::to_string(offset_) + " of " +
                     std::to_string(blob_.size) + " bytes: unexpected EOF");
  }
  Result<void> verify() const {
    if (hasher_.digest() == blob_.digest) return {};
    return data_loss("filesystem layer verification failed for digest " + blob_.digest.str());
  }

 private:
  Result<void> take(std::string_view data) {
    if (offset_ + static_cast<int64_t>(data.size()) > blob_.size)
      return data_loss("blob " + blob_.digest.str() + " is longer than the " + std::to_string(blob_.size) +
                       " bytes that its manifest says");
    hasher_.update(data);
    offset_ += static_cast<int64_t>(data.size());
    return sink_(data);
  }

  const image::Descriptor& blob_;
  int64_t offset_;
  const BlobSink& sink_;
  image::Hasher hasher_;
  bool failed_ = false;
};

image::Digest digest_by(image::Algorithm algorithm, std::string_view text) {
  image::Hasher hasher(algorithm);
  hasher.update(text);
  return hasher.digest();
}

struct TagList {
  std::optional<std::vector<std::string>> tags;
};
template <class V>
void describe(V& json, TagList& list) {
  json.nullable("tags", list.tags);
}

/// `</v2/x/tags/list?last=b>; rel="next"` is its URL. Source: RFC 8288; distribution-spec, Listing Tags.
std::optional<std::string> next_page(const HttpResponse& response) {
  const auto link = response.header("link");
  if (!link || link->find("rel=\"next\"") == std::string::npos) return std::nullopt;
  const auto begin = link->find('<');
  const auto end = link->find('>');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return std::nullopt;
  return link->substr(begin + 1, end - begin - 1);
}

/// Docker's words for a manifest that can't be had.
Error explain(const WireError& wire, const image::Reference& reference) {
  if (wire.code == "MANIFEST_UNKNOWN")
    return not_found("manifest for " + reference.familiar() + " not found: " + wire.text());
  if (wire.code == "NAME_UNKNOWN")
    return not_found("repository " + reference.familiar_name() + " not found: " + wire.text());
  if (wire.code == "DENIED" || (wire.code == "UNAUTHORIZED" && reference.domain() == "docker.io"))
    return not_found("pull access denied for " + reference.familiar_name() +
                     ", repository does not exist or may require 'docker login': " + wire.text());
  return wire.error();
}

}  // namespace

struct Client::Impl {
  Http& http;
  const std::string host;
  const Security security;
  Tokens tokens;
  Guarded<std::string> base;  ///< "https://host", once known

  bool verify() const { return security == Security::kVerified; }

  Result<std::string> find_base(const Call& call) {
    if (std::string known = base.with([](const auto& b) { return b; }); !known.empty()) return known;
    std::string url = (security == Security::kPlain ? "http://" : "https://") + host;
    auto answer = probe(call, url);
    if (!answer.ok() && security == Security::kInsecure && answer.code() != Code::kCancelled) {
      url = "http://" + host;
      answer = probe(call, url);
    }
    TRY(std::move(answer));
    base.with([&](auto& b) { b = url; });
    return url;
  }
  Result<void> probe(const Call& call, const std::string& url) {
    const auto response = TRY(http.perform(call, {.url = url + "/v2/", .verify_tls = verify()}));
    if (response.status == 200 || response.status == 401) return {};
    return unavailable("Get \"" + url + "/v2/\": " + wire_error(response).text());
  }

  /// The request with what the registry wants for the scope; once more where it asks for (new) credentials, and after
  /// a while where it is busy. Requests with a body source are not repeated here.
  Result<HttpResponse> send(const Call& call, HttpRequest request, const std::string& scope,
                            const AnswerSink& sink = nullptr) {
    request.verify_tls = verify();
    request.authorization = tokens.known(scope);
    bool authenticated = false;
    for (int attempt = 0;; ++attempt) {
      auto response = TRY(http.perform(call, request, sink));
      if (request.upload) return response;
      // What stands where a redirect led must not name the token server that the user's password goes to.
      const bool own = TRY(origin_of(response.url)) == TRY(origin_of(request.url));
      if (response.status == 401 && own && !std::exchange(authenticated, true)) {
        request.authorization = TRY(authorize(call, response, scope));
      } else if (!is_busy(response.status) || attempt + 1 >= kMaxAttempts ||
                 !pause(call, retry_delay(&response, attempt))) {
        return response;
      }
    }
  }
  Result<std::string> authorize(const Call& call, const HttpResponse& response, const std::string& scope) {
    std::vector<Challenge> challenges;
    const auto [first, last] = response.headers.equal_range("www-authenticate");
    for (auto header = first; header != last; ++header)
      for (auto& challenge : parse_challenges(header->second)) challenges.push_back(std::move(challenge));
    return tokens.earn(call, response.url, challenges, scope, verify());
  }

  Result<Pushed> start_upload(const Call& call, const std::string& path, const image::Descriptor& blob,
                              const std::optional<std::string>& mount_from, std::string& location);
  Result<void> upload(const Call& call, const std::string& path, const image::Descriptor& blob,
                      const std::string& location, const OpenSource& open);
};

Client::Client(Http& http, const std::string& domain, Security security, Credentials credentials)
    : impl_(new Impl{http, host_of(domain), security, Tokens(http, std::move(credentials)), {}}) {}
Client::~Client() = default;

Result<void> Client::ping(const Call& call) {
  TRY(impl_->find_base(call));
  return {};
}

Result<void> Client::login(const Call& call) {
  const auto response = TRY(impl_->send(call, {.url = TRY(impl_->find_base(call)) + "/v2/"}, ""));
  if (response.status == 200) return {};
  return wire_error(response).error();
}

Result<std::vector<std::string>> Client::tags(const Call& call, const image::Reference& repository) {
  constexpr int kMaxPages = 1000;
  constexpr size_t kMaxTags = 100'000;
  constexpr size_t kMaxTagBytes = 128;  // distribution-spec: [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}
  std::vector<std::string> out;
  std::string url = TRY(impl_->find_base(call)) + "/v2/" + repository.path() + "/tags/list";
  for (int page = 0; page < kMaxPages; ++page) {
    const auto response = TRY(impl_->send(call, {.url = url}, pull_scope(repository.path())));
    if (response.status != 200) return explain(wire_error(response), repository);
    const auto list = TRY(json::parse<TagList>(response.body).context("read tags of " + repository.familiar_name()));
    for (const auto& tag : list.tags.value_or(std::vector<std::string>()))
      if (tag.size() <= kMaxTagBytes) out.push_back(tag);  // a longer one can't be asked for
    if (out.size() > kMaxTags)
      return Error(Code::kResourceExhausted,
                   "list tags of " + repository.familiar_name() + ": more than " + std::to_string(kMaxTags));
    const auto next = next_page(response);
    if (!next) return out;
    const std::string following = TRY(resolve_url(response.url, *next));
    if (TRY(origin_of(following)) != TRY(origin_of(url)))
      return unavailable("Get \"" + url + "\": refused to go on at another server, " + following);
    url = following;
  }
  return Error(Code::kResourceExhausted, "list tags of " + repository.familiar_name() + ": too many pages");
}

Result<Document> Client::manifest(const Call& call, const image::Reference& reference) {
  const std::string wanted =
      reference.digest() ? reference.digest()->str() : reference.with_default_tag().tag().value();
  HttpRequest request{.url = TRY(impl_->find_base(call)) + "/v2/" + reference.path() + "/manifests/" + wanted};
  for (const auto type : {image::media::kDockerManifest, image::media::kDockerList, image::media::kOciIndex,
                          image::media::kOciManifest, image::media::kDockerSchema1Signed})
    request.headers.emplace_back("Accept", type);
  auto response = TRY(impl_->send(call, std::move(request), pull_scope(reference.path())));
  if (response.status != 200) return explain(wire_error(response), reference);
  const auto algorithm = reference.digest() ? reference.digest()->algorithm() : image::Algorithm::kSha256;
  Document document{.digest = digest_by(algorithm, response.body), .text = std::move(response.body)};
  const std::string type_line = response.header("content-type").value_or("");
  const std::string_view declared = trim(split(type_line, ';').front());
  if (declared == image::media::kDockerSchema1 || declared == image::media::kDockerSchema1Signed)
    return failed_precondition(
        "[DEPRECATION NOTICE] Docker Image Format v1 and Docker Image manifest version 2, schema 1 support is "
        "disabled by default and will be removed in an upcoming release. Suggest the author of " +
        reference.familiar() + " to upgrade the image to the OCI Format or Docker Image manifest v2, schema 2.");
  document.media_type = TRY(image::media_type_of(document.text).context("read manifest of " + reference.familiar()));
  if (reference.digest() && document.digest != *reference.digest())
    return data_loss("manifest verification failed for digest " + reference.digest()->str());
  return document;
}

Result<void> Client::blob(const Call& call, const image::Reference& repository, const image::Descriptor& blob,
                          int64_t offset, const BlobSink& sink) {
  const std::string url = TRY(impl_->find_base(call)) + "/v2/" + repository.path() + "/blobs/" + blob.digest.str();
  const bool whole = offset == 0;
  constexpr int64_t kProgress = 1 << 20;  // less in an answer is no reason to begin counting anew
  constexpr int kMaxAnswers = 1000;
  BlobDownload download(blob, offset, sink);
  int attempt = 0;
  for (int answers = 1; !download.complete(); ++attempt, ++answers) {
    const int64_t before = download.offset();
    HttpRequest request{.url = url};
    if (before > 0) request.headers.emplace_back("Range", "bytes=" + std::to_string(before) + "-");
    auto response = impl_->send(call, std::move(request), pull_scope(repository.path()), download.answer_sink());
    if (response.ok() && response->status >= 300) return explain(wire_error(*response), repository);
    // Only what the network did is worth another try.
    if (!response.ok() && (download.failed() || response.code() != Code::kUnavailable))
      return std::move(response).error();
    if (download.complete()) break;
    if (download.offset() - before >= kProgress) attempt = 0;
    if (attempt + 1 < kMaxAttempts && answers < kMaxAnswers && pause(call, retry_delay(nullptr, attempt))) continue;
    return response.ok() ? download.ended_early() : std::move(response).error();
  }
  return whole ? download.verify() : Result<void>();
}

Result<Pushed> Client::Impl::start_upload(const Call& call, const std::string& path, const image::Descriptor& blob,
                                          const std::optional<std::string>& mount_from, std::string& location) {
  const std::string url = TRY(find_base(call)) + "/v2/" + path + "/blobs/";
  const auto head = TRY(send(call, {.method = "HEAD", .url = url + blob.digest.str()}, push_scope(path)));
  if (head.status == 200) return Pushed::kExisted;
  HttpRequest start{.method = "POST", .url = url + "uploads/"};
  if (mount_from) {
    start.url = with_parameter(start.url, "mount", blob.digest.str());
    start.url = with_parameter(start.url, "from", *mount_from);
  }
  std::string scope = push_scope(path);
  if (mount_from) scope += " " + pull_scope(*mount_from);
  const auto started = TRY(send(call, std::move(start), scope));
  if (started.status == 201) return Pushed::kMounted;
  if (started.status != 202) return wire_error(started).error();
  const auto where = started.header("location");
  if (!where) return unavailable("Post \"" + started.url + "\": the answer names no location");
  location = TRY(resolve_url(started.url, *where));
  // The place of an upload is the registry's own: what we send there carries the user's credentials.
  if (TRY(origin_of(location)) != TRY(origin_of(started.url)))
    return unavailable("Post \"" + started.url + "\": refused to upload to another server, " + location);
  return Pushed::kUploaded;
}

Result<void> Client::Impl::upload(const Call& call, const std::string& path, const image::Descriptor& blob,
                                  const std::string& location, const OpenSource& open) {
  HttpRequest put{.method = "PUT", .url = with_parameter(location, "digest", blob.digest.str())};
  put.headers.emplace_back("Content-Type", "application/octet-stream");
  put.upload = TRY(open());
  put.upload_size = blob.size;
  const auto response = TRY(send(call, std::move(put), push_scope(path)));
  if (response.status != 201 && response.status != 204) return wire_error(response).error();
  return {};
}

Result<Pushed> Client::push_blob(const Call& call, const image::Reference& repository, const image::Descriptor& blob,
                                 const std::optional<std::string>& mount_from, const OpenSource& open) {
  for (int attempt = 0;; ++attempt) {
    std::string location;
    const Pushed pushed = TRY(impl_->start_upload(call, repository.path(), blob, mount_from, location));
    if (pushed != Pushed::kUploaded) return pushed;
    auto sent = impl_->upload(call, repository.path(), blob, location, open);
    if (sent.ok()) return Pushed::kUploaded;
    const bool passing = sent.is(Code::kUnavailable) || sent.is(Code::kUnauthenticated);
    if (!passing || attempt + 1 >= kMaxAttempts || !pause(call, retry_delay(nullptr, attempt)))
      return std::move(sent).error();
  }
}

Result<void> Client::push_manifest(const Call& call, const image::Reference& reference, const Document& document) {
  const std::string name = reference.tag() ? *reference.tag() : document.digest.str();
  const std::string base = TRY(impl_->find_base(call));
  HttpRequest put{
      .method = "PUT", .url = base + "/v2/" + reference.path() + "/manifests/" + name, .body = document.text};
  put.headers.emplace_back("Content-Type", document.media_type);
  const auto response = TRY(impl_->send(call, std::move(put), push_scope(reference.path())));
  if (response.status == 201 || response.status == 202) return {};
  return wire_error(response).error();
}

}  // namespace hull::registry
