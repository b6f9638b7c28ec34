#include "supervisor/gc/marker.h"

#include <optional>

#include "base/text.h"

namespace hull::supervisor {
namespace {

constexpr std::string_view kExpire = "containerd.io/gc.expire";
constexpr std::string_view kImageRef = "containerd.io/gc.ref.image";
constexpr std::string_view kContentOwner = "containerd.io/gc.bref.content";
constexpr std::string_view kImageOwner = "containerd.io/gc.bref.image";
constexpr std::string_view kContainerOwner = "containerd.io/gc.bref.container";
constexpr std::string_view kSnapshotOwner = "containerd.io/gc.bref.snapshot.";
constexpr std::string_view kRoot = "containerd.io/gc.root";
constexpr std::string_view kContentRef = "containerd.io/gc.ref.content";
constexpr std::string_view kSnapshotRef = "containerd.io/gc.ref.snapshot.";
constexpr std::string_view kFlat = "containerd.io/gc.flat";

Node content(const std::string& ns, const std::string& digest) { return {Node::Kind::kContent, ns, digest}; }
Node snapshot(const std::string& ns, const std::string& key) { return {Node::Kind::kSnapshot, ns, key}; }
Node image(const std::string& ns, const std::string& name) { return {Node::Kind::kImage, ns, name}; }
Node container(const std::string& ns, const std::string& id) { return {Node::Kind::kContainer, ns, id}; }

/// Whether a label is of that kind: a name may follow, as ".0", ".config", "/linux".
bool is_named(std::string_view label, std::string_view kind) {
  if (!label.starts_with(kind)) return false;
  const std::string_view rest = label.substr(kind.size());
  return rest.empty() || rest.front() == '.' || rest.front() == '/';
}

/// Of a label that goes on with a snapshotter's name, "overlayfs/mine".
Node labelled_snapshot(const std::string& ns, std::string_view label, std::string_view kind, const std::string& key) {
  return snapshot(ns, std::string(split(label.substr(kind.size()), '/')[0]) + "/" + key);
}

std::optional<Timestamp> expiry(const Labels& labels) {
  const auto label = labels.find(std::string(kExpire));
  if (label == labels.end()) return std::nullopt;
  const auto time = parse_rfc3339(label->second);
  return time.ok() ? *time : std::nullopt;
}

}  // namespace

bool has_expired(const Labels& labels) {
  const auto time = expiry(labels);
  return time && *time <= now();
}

Result<void> Marker::mark() {
  TRY(add_images());
  TRY(add_containers());
  TRY(add_leases());
  TRY(add_labelled());
  TRY(add_spared());
  while (!left_.empty()) {
    const Node node = std::move(left_.back());
    left_.pop_back();
    TRY(follow(node));
    if (const auto belonging = belongings_.find(node); belonging != belongings_.end())
      for (const Node& child : belonging->second) add(child);
  }
  return {};
}

void Marker::add(Node node) {
  if (marked_.insert(node).second) left_.push_back(std::move(node));
  // What a flat lease only held is now referred to for real.
  else if (flat_.erase(node) > 0)
    left_.push_back(std::move(node));
}

void Marker::add_labels(const std::string& ns, const Labels& labels) {
  for (const auto& [key, value] : labels) {
    if (is_named(key, kContentRef))
      add(content(ns, value));
    else if (is_named(key, kImageRef))
      add(image(ns, value));
    else if (key.starts_with(kSnapshotRef))
      add(labelled_snapshot(ns, key, kSnapshotRef, value));
  }
}

void Marker::add_belonging(const Node& node, const Labels& labels) {
  for (const auto& [key, value] : labels) {
    if (is_named(key, kContentOwner))
      belongings_[content(node.ns, value)].push_back(node);
    else if (is_named(key, kImageOwner))
      belongings_[image(node.ns, value)].push_back(node);
    else if (is_named(key, kContainerOwner))
      belongings_[container(node.ns, value)].push_back(node);
    else if (key.starts_with(kSnapshotOwner))
      belongings_[labelled_snapshot(node.ns, key, kSnapshotOwner, value)].push_back(node);
  }
}

Result<void> Marker::add_images() {
  auto query = TRY(session_.prepare("SELECT ns, name, labels FROM image"));
  while (TRY(query.step())) {
    const Node node = image(query.text(0), query.text(1));
    const Labels labels = TRY(decode_labels(query.text(2)));
    add_belonging(node, labels);
    if (!has_expired(labels)) add(node);
  }
  return {};
}

Result<void> Marker::add_containers() {
  auto query = TRY(session_.prepare("SELECT ns, id FROM container"));
  while (TRY(query.step())) add(container(query.text(0), query.text(1)));
  return {};
}

Result<void> Marker::add_leases() {
  auto labelled = TRY(session_.prepare("SELECT ns, labels FROM lease WHERE labels LIKE '%gc.ref.%'"));
  while (TRY(labelled.step())) add_labels(labelled.text(0), TRY(decode_labels(labelled.text(1))));
  constexpr std::string_view kSnapshots = "snapshots/";
  auto query =
      TRY(session_.prepare("SELECT l.ns, r.type, r.id, l.labels FROM lease_resource r JOIN lease l "
                           "ON l.ns=r.ns AND l.id=r.lease"));
  while (TRY(query.step())) {
    const std::string type = query.text(1);
    const Labels lease = TRY(decode_labels(query.text(3)));
    if (type.starts_with(kSnapshots))
      TRY(add_leased(snapshot(query.text(0), type.substr(kSnapshots.size()) + "/" + query.text(2)), lease));
    else if (type == "content")
      TRY(add_leased(content(query.text(0), query.text(2)), lease));
    else if (type == "images")
      TRY(add_leased(image(query.text(0), query.text(2)), lease));
  }
  return {};
}

Result<void> Marker::add_leased(Node node, const Labels& lease) {
  if (!lease.contains(std::string(kFlat)))
    add(std::move(node));
  else if (marked_.insert(node).second)
    flat_.insert(std::move(node));
  return {};
}

Result<void> Marker::add_labelled() {
  auto contents =
      TRY(session_.prepare("SELECT ns, digest, labels FROM content WHERE labels LIKE '%containerd.io/gc.%'"));
  while (TRY(contents.step()))
    add_labelled(content(contents.text(0), contents.text(1)), TRY(decode_labels(contents.text(2))));
  auto snapshots = TRY(
      session_.prepare("SELECT ns, snapshotter, key, labels FROM snapshot WHERE labels LIKE '%containerd.io/gc.%'"));
  while (TRY(snapshots.step()))
    add_labelled(snapshot(snapshots.text(0), snapshots.text(1) + "/" + snapshots.text(2)),
                 TRY(decode_labels(snapshots.text(3))));
  return {};
}

void Marker::add_labelled(const Node& node, const Labels& labels) {
  add_belonging(node, labels);
  const auto expires = expiry(labels);
  if (labels.contains(std::string(kRoot)) || (expires && *expires > now())) add(node);
}

Result<void> Marker::add_spared() {
  auto contents = TRY(session_.prepare("SELECT ns, digest FROM content WHERE created > ?1"));
  contents.bind(encode_time(spared_));
  while (TRY(contents.step())) add(content(contents.text(0), contents.text(1)));
  auto snapshots = TRY(session_.prepare("SELECT ns, snapshotter, key FROM snapshot WHERE created > ?1"));
  snapshots.bind(encode_time(spared_));
  while (TRY(snapshots.step())) add(snapshot(snapshots.text(0), snapshots.text(1) + "/" + snapshots.text(2)));
  return {};
}

Result<void> Marker::follow(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kContent: return follow_content(node);
    case Node::Kind::kSnapshot: return follow_snapshot(node);
    case Node::Kind::kImage: return follow_image(node);
    case Node::Kind::kContainer: return follow_container(node);
  }
  return {};
}

Result<void> Marker::follow_content(const Node& node) {
  auto query = TRY(session_.prepare("SELECT labels FROM content WHERE ns=?1 AND digest=?2"));
  if (TRY(query.bind(node.ns).bind(node.key).step())) add_labels(node.ns, TRY(decode_labels(query.text(0))));
  return {};
}

Result<void> Marker::follow_snapshot(const Node& node) {
  const auto parts = cut(node.key, "/");
  CHECK(parts);
  auto query = TRY(session_.prepare("SELECT parent, labels FROM snapshot WHERE ns=?1 AND snapshotter=?2 AND key=?3"));
  if (!TRY(query.bind(node.ns).bind(parts->before).bind(parts->after).step())) return {};
  if (!query.text(0).empty()) add(snapshot(node.ns, std::string(parts->before) + "/" + query.text(0)));
  add_labels(node.ns, TRY(decode_labels(query.text(1))));
  return {};
}

Result<void> Marker::follow_image(const Node& node) {
  auto query = TRY(session_.prepare("SELECT digest, labels FROM image WHERE ns=?1 AND name=?2"));
  if (!TRY(query.bind(node.ns).bind(node.key).step())) return {};
  add(content(node.ns, query.text(0)));
  add_labels(node.ns, TRY(decode_labels(query.text(1))));
  return {};
}

Result<void> Marker::follow_container(const Node& node) {
  auto query = TRY(session_.prepare("SELECT snapshotter, snapshot_key, labels FROM container WHERE ns=?1 AND id=?2"));
  if (!TRY(query.bind(node.ns).bind(node.key).step())) return {};
  if (!query.text(0).empty()) add(snapshot(node.ns, query.text(0) + "/" + query.text(1)));
  add_labels(node.ns, TRY(decode_labels(query.text(2))));
  return {};
}

}  // namespace hull::supervisor
