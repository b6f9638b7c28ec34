#include "base/files.h"
#include "base/sys.h"
#include "base/text.h"
#include "cli/archive/reader.h"
#include "cli/archive/writer.h"
#include "cli/commands/context/context.h"

namespace hull::cli {

namespace {

constexpr Bytes kLargestImport = 10_MiB;  // docker's limit, too
constexpr std::string_view kMetaFile = "meta.json";
constexpr std::string_view kTlsFolder = "tls/";
constexpr std::string_view kZipMagic = "PK\x03\x04";

void add_file(std::string& archive, const std::string& name, mode_t mode, std::string_view content) {
  archive += tar_header({.name = name, .mode = mode, .size = static_cast<int64_t>(content.size())});
  archive += content;
  archive.append(tar_padding(static_cast<int64_t>(content.size())), '\0');
}

void add_folder(std::string& archive, const std::string& name) {
  archive += tar_header({.type = EntryType::kDirectory, .name = name, .mode = 0700});
}

Result<std::string> packed(Cli& cli, const std::string& name) {
  const Context context = TRY(cli.context(name));
  std::string archive;
  add_file(archive, std::string(kMetaFile), 0644, context_document(context));
  const TlsMaterial material = name == kDefaultContext ? TlsMaterial() : TRY(cli.contexts().tls(name));
  add_folder(archive, "tls");
  for (const auto& [endpoint, files] : material) {
    add_folder(archive, "tls/" + endpoint);
    for (const auto& [file, content] : files) add_file(archive, "tls/" + endpoint + "/" + file, 0600, content);
  }
  return archive + tar_end();
}

Result<int> run_export(Cli& cli, const NoOptions&, const Invocation& invocation) {
  const std::string& name = invocation.arguments[0];
  const std::string path = invocation.arguments.size() > 1 ? invocation.arguments[1] : name + ".dockercontext";
  const std::string archive = TRY(packed(cli, name));
  if (path == "-") {
    if (cli.output_is_terminal())
      return invalid_argument("cowardly refusing to export to a terminal, specify a file path");
    cli.print(archive);
    return 0;
  }
  if (exists(path)) return already_exists("open " + path + ": file exists");
  TRY(replace_file(path, archive, 0600, Durable::kNo));
  cli.complain("Written file \"" + path + "\"");
  return 0;
}

TarReader reader_of(std::string_view& archive) {
  return TarReader([&archive](std::span<char> buffer) -> Result<size_t> {
    const size_t count = std::min(buffer.size(), archive.size());
    std::copy_n(archive.data(), count, buffer.data());
    archive.remove_prefix(count);
    return count;
  });
}

Result<std::string> content_of(TarReader& reader, const Entry& entry) {
  std::string content(static_cast<size_t>(entry.size), '\0');
  for (size_t at = 0; at < content.size();) {
    const size_t count = TRY(reader.read(std::span(content).subspan(at)));
    if (count == 0) return data_loss("unexpected EOF");
    at += count;
  }
  return content;
}

bool is_plain(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos && name.find('\0') == name.npos;
}

/// tls/ENDPOINT/FILE, and nothing that leads elsewhere.
Result<void> add_secret(TlsMaterial& material, std::string_view name, std::string content) {
  const auto parts = cut(name.substr(kTlsFolder.size()), "/");
  if (!parts || !is_plain(parts->before) || !is_plain(parts->after))
    return invalid_argument(std::string(name) + ": archive format is invalid");
  material[std::string(parts->before)][std::string(parts->after)] = std::move(content);
  return {};
}

struct Unpacked {
  std::optional<Context> context;
  TlsMaterial material;
};

Result<Unpacked> unpack(std::string_view archive) {
  Unpacked unpacked;
  TarReader reader = reader_of(archive);
  while (const auto entry = TRY(reader.next())) {
    if (entry->type == EntryType::kDirectory) continue;
    const bool is_meta = entry->name == kMetaFile;
    if (!is_meta && !entry->name.starts_with(kTlsFolder))
      return invalid_argument(entry->name + ": unexpected context file");
    if (entry->type != EntryType::kFile || entry->size > kLargestImport.count)
      return invalid_argument(entry->name + ": archive format is invalid");
    std::string content = TRY(content_of(reader, *entry));
    if (is_meta) {
      unpacked.context = TRY(parse_context(content).context(entry->name));
    } else {
      TRY(add_secret(unpacked.material, entry->name, std::move(content)));
    }
  }
  if (!unpacked.context) return invalid_argument("invalid context: no metadata found");
  return unpacked;
}

Result<std::string> read_archive(const Cli& cli, const std::string& path) {
  if (path == "-") return read_all(cli.input(), kLargestImport);
  auto archive = read_file(path, kLargestImport);
  if (archive.is(Code::kNotFound)) return not_found("open " + path + ": no such file or directory");
  return archive;
}

Result<int> run_import(Cli& cli, const NoOptions&, const Invocation& invocation) {
  const std::string& name = invocation.arguments[0];
  const ContextStore store = cli.contexts();
  TRY(check_context_name(name));
  if (store.has(name)) return already_exists("context \"" + name + "\" already exists");
  const std::string& path = invocation.arguments[1];
  const std::string archive = TRY(read_archive(cli, path));
  if (archive.starts_with(kZipMagic))
    return unimplemented(path + ": zip archives are not supported; give a tar archive");
  Unpacked unpacked = TRY(unpack(archive));
  unpacked.context->name = name;
  TRY(store.save(*unpacked.context));
  TRY(store.set_tls(name, unpacked.material));
  cli.print_line(name);
  cli.complain("Successfully imported context \"" + name + "\"");
  return 0;
}

}  // namespace

constinit const Command kContextExport = {.names = {"context export"},
                                          .synopsis = "[OPTIONS] CONTEXT [FILE|-]",
                                          .summary = "Write a context as a tar archive, with its certificates",
                                          .least = 1,
                                          .most = 2,
                                          .make = make_task<NoOptions, define_none, run_export>};
constinit const Command kContextImport = {.names = {"context import"},
                                          .synopsis = "CONTEXT FILE|-",
                                          .summary = "Make a context of such an archive",
                                          .least = 2,
                                          .most = 2,
                                          .make = make_task<NoOptions, define_none, run_import>};

}  // namespace hull::cli
