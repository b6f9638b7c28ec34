#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/call.h"
#include "base/result.h"
#include "registry/client/http.h"
#include "registry/client/tokens.h"
#include "spec/image/manifest.h"
#include "spec/image/reference.h"

namespace hull::registry {

/// A manifest or an index, as the registry has it, byte for byte.
struct Document {
  std::string media_type;
  image::Digest digest;
  std::string text;
};

/// kPlain: HTTP and nothing else, as the user said; kInsecure: TLS without verification, else plain HTTP.
enum class Security { kVerified, kInsecure, kPlain };

/// Takes the next bytes of a blob.
using BlobSink = std::function<Result<void>(std::string_view data)>;

/// How a blob came to be at the registry.
enum class Pushed { kUploaded, kMounted, kExisted };

/// One registry, spoken to as one user. Thread-safe; calls block.
/// Source: OCI distribution-spec 1.1; docker's Registry HTTP API V2.
class Client {
 public:
  /// domain: of a reference ("docker.io", "localhost:5000").
  Client(Http& http, const std::string& domain, Security security, Credentials credentials);
  ~Client();

  /// Finds out how the registry is spoken to. Called by the others where needed.
  /// Errors: kUnavailable with docker's text where it does not answer.
  Result<void> ping(const Call& call);

  /// Whether the registry takes the credentials. Errors: kUnauthenticated in its words.
  Result<void> login(const Call& call);

  /// All tags of a repository that can be asked for. Errors: kNotFound; kResourceExhausted over 100,000 of them.
  Result<std::vector<std::string>> tags(const Call& call, const image::Reference& repository);

  /// By tag or digest (a digest is verified, and the document has it then). Errors with docker's texts: kNotFound
  /// ("manifest for x:y not found: …", "pull access denied for x, …"); kUnauthenticated; kResourceExhausted over 4 MiB;
  /// kDataLoss: another digest.
  Result<Document> manifest(const Call& call, const image::Reference& reference);

  /// Streams the blob from `offset` on, going on after a broken connection where it ended. Verifies size and, from
  /// offset 0, the digest. Errors: kDataLoss where either differs or the blob ends early; kNotFound.
  Result<void> blob(const Call& call, const image::Reference& repository, const image::Descriptor& blob, int64_t offset,
                    const BlobSink& sink);

  /// Opens the bytes of the blob from their beginning; called again where an upload has to be repeated.
  using OpenSource = std::function<Result<BodySource>()>;
  /// mount_from: path of a repository of this registry that has the blob, perhaps. Errors: kPermissionDenied, …
  Result<Pushed> push_blob(const Call& call, const image::Reference& repository, const image::Descriptor& blob,
                           const std::optional<std::string>& mount_from, const OpenSource& open);
  /// Under the reference's tag, or by digest where it has none. Errors: kInvalidArgument where the registry refuses it.
  Result<void> push_manifest(const Call& call, const image::Reference& reference, const Document& document);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hull::registry
