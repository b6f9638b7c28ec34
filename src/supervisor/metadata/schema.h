#pragma once

#include <string_view>

/// meta.db. Times are nanoseconds since 1970; labels, annotations JSON objects. README.md draws it.
namespace hull::supervisor::schema {

inline constexpr std::string_view kVersion1 = R"sql(
CREATE TABLE namespace(
  name TEXT PRIMARY KEY,
  labels TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE image(
  ns TEXT NOT NULL, name TEXT NOT NULL,
  media_type TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL, annotations TEXT NOT NULL,
  labels TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
  PRIMARY KEY(ns, name)) WITHOUT ROWID;

CREATE TABLE container(
  ns TEXT NOT NULL, id TEXT NOT NULL,
  image TEXT NOT NULL, runtime TEXT NOT NULL,
  options_type TEXT NOT NULL, options BLOB NOT NULL, spec_type TEXT NOT NULL, spec BLOB NOT NULL,
  snapshotter TEXT NOT NULL, snapshot_key TEXT NOT NULL, sandbox TEXT NOT NULL,
  labels TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
  PRIMARY KEY(ns, id));

CREATE TABLE container_extension(
  ns TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
  type TEXT NOT NULL, value BLOB NOT NULL,
  PRIMARY KEY(ns, id, name),
  FOREIGN KEY(ns, id) REFERENCES container(ns, id) ON DELETE CASCADE) WITHOUT ROWID;

CREATE TABLE content(
  ns TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL,
  labels TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
  PRIMARY KEY(ns, digest)) WITHOUT ROWID;
CREATE INDEX content_digest ON content(digest);

CREATE TABLE snapshot(
  ns TEXT NOT NULL, snapshotter TEXT NOT NULL, key TEXT NOT NULL,
  id INTEGER NOT NULL, parent TEXT NOT NULL, kind INTEGER NOT NULL,
  size INTEGER NOT NULL, inodes INTEGER NOT NULL,
  labels TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
  PRIMARY KEY(ns, snapshotter, key), UNIQUE(snapshotter, id)) WITHOUT ROWID;
CREATE INDEX snapshot_parent ON snapshot(ns, snapshotter, parent);

CREATE TABLE lease(
  ns TEXT NOT NULL, id TEXT NOT NULL,
  labels TEXT NOT NULL, created INTEGER NOT NULL,
  PRIMARY KEY(ns, id)) WITHOUT ROWID;

CREATE TABLE lease_resource(
  ns TEXT NOT NULL, lease TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL,
  PRIMARY KEY(ns, lease, type, id),
  FOREIGN KEY(ns, lease) REFERENCES lease(ns, id) ON DELETE CASCADE) WITHOUT ROWID;
CREATE INDEX lease_resource_id ON lease_resource(ns, type, id);
)sql";

/// The boot (boot_id of proc_sys_kernel(5)) in which a snapshot was committed whose files are not known to be on disk.
inline constexpr std::string_view kVersion2 = R"sql(
ALTER TABLE snapshot ADD COLUMN unflushed TEXT NOT NULL DEFAULT '';
)sql";

/// Pods.
inline constexpr std::string_view kVersion3 = R"sql(
CREATE TABLE sandbox(
  ns TEXT NOT NULL, id TEXT NOT NULL,
  runtime TEXT NOT NULL, options_type TEXT NOT NULL, options BLOB NOT NULL,
  spec_type TEXT NOT NULL, spec BLOB NOT NULL, sandboxer TEXT NOT NULL,
  labels TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
  PRIMARY KEY(ns, id));

CREATE TABLE sandbox_extension(
  ns TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
  type TEXT NOT NULL, value BLOB NOT NULL,
  PRIMARY KEY(ns, id, name),
  FOREIGN KEY(ns, id) REFERENCES sandbox(ns, id) ON DELETE CASCADE) WITHOUT ROWID;
)sql";

inline constexpr std::string_view kMigrations[] = {kVersion1, kVersion2, kVersion3};

}  // namespace hull::supervisor::schema
