#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "supervisor/metadata/records.h"

namespace hull::supervisor {

/// A thing that is kept or not: content by digest, a snapshot by "snapshotter/key", an image by name; or a container by
/// id, which is always kept.
struct Node {
  enum class Kind { kContent, kSnapshot, kImage, kContainer };
  Kind kind = Kind::kContent;
  std::string ns;
  std::string key;
  auto operator<=>(const Node&) const = default;
};

/// Finds what is referred to, within one transaction.
class Marker {
 public:
  /// What was made since `spared` is kept, too.
  Marker(Session& session, Timestamp spared) : session_(session), spared_(spared) {}
  Result<void> mark();
  bool is_marked(const Node& node) const { return marked_.contains(node); }

 private:
  void add(Node node);
  void add_labels(const std::string& ns, const Labels& labels);
  Result<void> add_images();
  Result<void> add_containers();
  Result<void> add_leases();
  Result<void> add_leased(Node node, const Labels& lease);
  /// Content and snapshots with the labels gc.root and gc.expire, and whatever says what it belongs to (gc.bref.*).
  Result<void> add_labelled();
  void add_labelled(const Node& node, const Labels& labels);
  void add_belonging(const Node& node, const Labels& labels);
  Result<void> add_spared();
  Result<void> follow(const Node& node);
  Result<void> follow_content(const Node& node);
  Result<void> follow_snapshot(const Node& node);
  Result<void> follow_image(const Node& node);
  Result<void> follow_container(const Node& node);

  Session& session_;
  const Timestamp spared_;
  std::set<Node> marked_;
  std::vector<Node> left_;
  std::set<Node> flat_;                           // kept without what they refer to
  std::map<Node, std::vector<Node>> belongings_;  // kept with what they name as theirs
};

/// Whether the label containerd.io/gc.expire, a time, is there and has come. One that can't be read never comes.
bool has_expired(const Labels& labels);

}  // namespace hull::supervisor
