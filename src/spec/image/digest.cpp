#include "spec/image/digest.h"

#include "base/text.h"

namespace hull::image {
namespace {

struct AlgorithmInfo {
  Algorithm algorithm;
  std::string_view name;
  size_t digits;
};
constexpr AlgorithmInfo kAlgorithms[] = {
    {Algorithm::kSha256, "sha256", 64},
    {Algorithm::kSha384, "sha384", 96},
    {Algorithm::kSha512, "sha512", 128},
};

const AlgorithmInfo& info(Algorithm algorithm) { return kAlgorithms[static_cast<size_t>(algorithm)]; }

bool is_lower_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::string_view to_string(Algorithm algorithm) { return info(algorithm).name; }

Result<Digest> Digest::parse(std::string_view text) {
  const auto parts = cut(text, ":");
  const std::string quoted = "digest \"" + std::string(text.substr(0, 160)) + "\"";
  if (!parts || parts->before.empty() || parts->after.empty())
    return invalid_argument(quoted + ": invalid checksum digest format");
  for (const auto& [algorithm, name, digits] : kAlgorithms) {
    if (name != parts->before) continue;
    if (parts->after.size() != digits) return invalid_argument(quoted + ": invalid checksum digest length");
    if (!is_lower_hex(parts->after)) return invalid_argument(quoted + ": invalid checksum digest format");
    return Digest(algorithm, std::string(text));
  }
  return invalid_argument(quoted + ": unsupported digest algorithm");
}

std::string_view Digest::hex() const { return std::string_view(text_).substr(text_.find(':') + 1); }

void read_value(json::Findings& findings, const json::Value& json, Digest& value) {
  std::string text;
  json::read_value(findings, json, text);
  if (findings.error) return;
  auto digest = Digest::parse(text);
  if (!digest.ok()) return findings.add(digest.error().message());
  value = std::move(digest).value();
}

void write_value(std::string& out, const Digest& value) { json::write_string(out, value.str()); }

}  // namespace hull::image
