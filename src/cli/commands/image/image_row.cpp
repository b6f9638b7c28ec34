#include "cli/commands/image/image_row.h"

#include "cli/daemon.h"
#include "cli/format/units.h"

namespace hull::cli {

namespace {

Timestamp created(const ImageRow& row) { return Timestamp(std::chrono::seconds(number_at(row.image, "Created"))); }
std::string id_text(const ImageRow& row) {
  const std::string id = text_at(row.image, "Id");
  return row.truncate ? std::string(short_id(id)) : id;
}
std::string repository_text(const ImageRow& row) { return row.repository; }
std::string tag_text(const ImageRow& row) { return row.tag; }
std::string digest_text(const ImageRow& row) { return row.digest; }
std::string since_text(const ImageRow& row) {
  return number_at(row.image, "Created") <= 0 ? "N/A" : human_since(created(row));
}
std::string created_text(const ImageRow& row) { return go_time(created(row)); }
std::string size_text(const ImageRow& row) { return human_size(static_cast<double>(number_at(row.image, "Size")), 3); }
std::string whole_text(const ImageRow& row) { return human_size(static_cast<double>(number_at(row.image, "Size"))); }
std::string containers_text(const ImageRow& row) {
  const int64_t count = number_at(row.image, "Containers");
  return count < 0 ? "N/A" : std::to_string(count);
}
std::string shared_text(const ImageRow& row) {
  const int64_t size = number_at(row.image, "SharedSize");
  return size < 0 ? "N/A" : human_size(static_cast<double>(size));
}
std::string unique_text(const ImageRow& row) {
  const int64_t shared = number_at(row.image, "SharedSize");
  return shared < 0 ? "N/A" : human_size(static_cast<double>(number_at(row.image, "Size") - shared));
}

constexpr Column<ImageRow> kColumns[] = {
    {"ID", "IMAGE ID", id_text},
    {"Repository", "REPOSITORY", repository_text},
    {"Tag", "TAG", tag_text},
    {"Digest", "DIGEST", digest_text},
    {"CreatedSince", "CREATED", since_text},
    {"CreatedAt", "CREATED AT", created_text},
    {"Size", "SIZE", size_text},
    {"Containers", "CONTAINERS", containers_text},
    {"VirtualSize", "SIZE", whole_text},
    {"SharedSize", "SHARED SIZE", shared_text},
    {"UniqueSize", "UNIQUE SIZE", unique_text},
};

}  // namespace

std::span<const Column<ImageRow>> image_columns() { return kColumns; }

}  // namespace hull::cli
