#include "cli/format/value.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"

namespace hull::cli {

namespace {

/// Keys of Docker's objects whose values are maps; all other objects are structures.
constexpr std::array kMaps = {
    "Labels",
    "Options",
    "Ports",
    "ExposedPorts",
    "Volumes",
    "Sysctls",
    "Annotations",
    "Networks",
    "PortBindings",
    "StorageOpt",
    "Tmpfs",
    "Data",
    "DriverOpts",
    "Containers",
    "Attributes",
    "IndexConfigs",
    "AuxiliaryAddresses",
    "Runtimes",
    "DriverStatusMap",
    "Status",
    "Details",
    "Metadata",
    "Endpoints",
    "TLSMaterial",
};

enum class Zero { kPointer, kMap, kText, kFalse, kNumber };

/// Fields that Docker leaves out of its JSON where they are empty: absent is no error in a template.
constexpr std::pair<std::string_view, Zero> kOptional[] = {
    {"Health", Zero::kPointer},
    {"SizeRw", Zero::kPointer},
    {"SizeRootFs", Zero::kPointer},
    {"Init", Zero::kPointer},
    {"Mounts", Zero::kMap},
    {"StorageOpt", Zero::kMap},
    {"Tmpfs", Zero::kMap},
    {"Sysctls", Zero::kMap},
    {"Annotations", Zero::kMap},
    {"Runtime", Zero::kText},
    {"Healthcheck", Zero::kPointer},
    {"ArgsEscaped", Zero::kFalse},
    {"NetworkDisabled", Zero::kFalse},
    {"MacAddress", Zero::kText},
    {"StopSignal", Zero::kText},
    {"StopTimeout", Zero::kPointer},
    {"Shell", Zero::kMap},
    {"ExposedPorts", Zero::kMap},
    {"Driver", Zero::kText},
    {"Status", Zero::kMap},
    {"UsageData", Zero::kPointer},
    {"Variant", Zero::kText},
    {"Options", Zero::kMap},
    {"Peers", Zero::kMap},
    {"Services", Zero::kMap},
    {"Name", Zero::kText},
    {"Comment", Zero::kText},
    {"Author", Zero::kText},
    {"Parent", Zero::kText},
    {"DockerVersion", Zero::kText},
    {"OnBuild", Zero::kMap},
    {"Volumes", Zero::kMap},
    {"Platform", Zero::kPointer},
    {"CreatedAt", Zero::kText},
    {"ImageManifestDescriptor", Zero::kPointer},
};

/// Keys whose values are pointers, which show as <nil> where absent.
constexpr std::array kPointers = {"Health", "Init", "OomKillDisable", "PidsLimit", "MemorySwappiness", "IPAMConfig"};

std::optional<Value> zero_of(std::string_view field) {
  static const json::Value kNoEntries = boost::json::object();
  for (const auto& [name, zero] : kOptional) {
    if (name != field) continue;
    switch (zero) {
      case Zero::kPointer: return Value();
      case Zero::kMap: return Value::of(kNoEntries, Shape::kMap);
      case Zero::kText: return Value("");
      case Zero::kFalse: return Value(false);
      case Zero::kNumber: return Value(0);
    }
  }
  return std::nullopt;
}

/// Go's structures write initials in capitals where JSON does not: APIVersion is "ApiVersion", ID is "Id".
bool is_go_name_of(std::string_view name, std::string_view key) {
  if (name.size() != key.size() || name == key) return false;
  for (size_t i = 0; i < name.size(); ++i)
    if (name[i] != key[i] && name[i] + ('a' - 'A') != key[i]) return false;
  return true;
}

Result<Value> member(const JsonRef& object, std::string_view name) {
  const auto& entries = object.value->get_object();
  if (const json::Value* found = entries.if_contains(name))
    return found->is_null() ? Value::null(*found, shape_of(name)) : Value::of(*found, shape_of(name));
  if (object.shape == Shape::kMap) return Value();
  for (const auto& entry : entries)
    if (is_go_name_of(name, entry.key())) return member(object, entry.key());
  if (auto zero = zero_of(name)) return *std::move(zero);
  return not_found("map has no entry for key \"" + std::string(name) + "\"");
}

}  // namespace

Shape shape_of(std::string_view key) {
  if (std::find(kMaps.begin(), kMaps.end(), key) != kMaps.end()) return Shape::kMap;
  return std::find(kPointers.begin(), kPointers.end(), key) != kPointers.end() ? Shape::kPointer : Shape::kStruct;
}

Value Value::null(const json::Value& value, Shape shape) {
  Value reference;
  reference.state_ = JsonRef{&value, shape};
  return reference;
}

Value Value::of(const json::Value& value, Shape shape) {
  switch (value.kind()) {
    case boost::json::kind::null: return {};
    case boost::json::kind::bool_: return value.get_bool();
    case boost::json::kind::int64: return value.get_int64();
    case boost::json::kind::uint64: return static_cast<double>(value.get_uint64());
    case boost::json::kind::double_: return value.get_double();
    case boost::json::kind::string: return std::string_view(value.get_string());
    case boost::json::kind::array:
    case boost::json::kind::object: break;
  }
  Value reference;
  reference.state_ = JsonRef{&value, shape};
  return reference;
}

bool Value::truth() const {
  if (const bool* flag = get<bool>()) return *flag;
  if (const int64_t* number = get<int64_t>()) return *number != 0;
  if (const double* number = get<double>()) return *number != 0;
  if (get<const View*>()) return true;
  if (const JsonRef* ref = get<JsonRef>(); ref && ref->value->is_object() && ref->shape != Shape::kMap) return true;
  return length().value_or(0) > 0;
}

std::optional<size_t> Value::length() const {
  if (const std::string* text = get<std::string>()) return text->size();
  if (const auto* list = get<std::shared_ptr<const List>>()) return (*list)->size();
  if (const JsonRef* ref = get<JsonRef>()) {
    if (ref->value->is_array()) return ref->value->get_array().size();
    return ref->value->is_null() ? 0 : ref->value->get_object().size();
  }
  return std::nullopt;
}

Result<Value> field_of(const Value& value, std::string_view name, std::span<const Value> arguments) {
  if (const View* const* view = value.get<const View*>()) return (*view)->field(name, arguments);
  if (!arguments.empty())
    return invalid_argument(std::string(name) + " has arguments but cannot be invoked as function");
  const JsonRef* ref = value.get<JsonRef>();
  if (ref && ref->value->is_object()) return member(*ref, name);
  if (value.is_nil() || (ref && ref->value->is_null()))
    return not_found("map has no entry for key \"" + std::string(name) + "\"");
  return invalid_argument("can't evaluate field " + std::string(name) + " in type " + type_name(value));
}

Result<Value> element_of(const Value& value, const Value& key) {
  if (const JsonRef* object = value.get<JsonRef>(); object && object->value->is_object()) {
    const std::string* name = key.get<std::string>();
    if (!name) return invalid_argument("value has type " + type_name(key) + "; should be string");
    const json::Value* found = object->value->get_object().if_contains(*name);
    return found ? Value::of(*found) : Value();
  }
  const JsonRef* ref = value.get<JsonRef>();
  if (value.is_nil() || (ref && ref->value->is_null())) return invalid_argument("index of untyped nil");
  const auto size = value.length();
  if (!size) return invalid_argument("can't index item of type " + type_name(value));
  const int64_t* index = key.get<int64_t>();
  if (!index) return invalid_argument("cannot index slice/array with type " + type_name(key));
  if (*index < 0 || static_cast<size_t>(*index) >= *size)
    return invalid_argument("index out of range: " + std::to_string(*index));
  const auto at = static_cast<size_t>(*index);
  if (const auto* list = value.get<std::shared_ptr<const List>>()) return (**list)[at];
  if (ref) return Value::of(ref->value->get_array()[at]);
  return Value(int64_t{static_cast<unsigned char>((*value.get<std::string>())[at])});
}

Result<std::vector<std::pair<Value, Value>>> elements_of(const Value& value) {
  std::vector<std::pair<Value, Value>> out;
  if (value.is_nil()) return out;
  if (const auto* list = value.get<std::shared_ptr<const List>>()) {
    for (const Value& entry : **list) out.emplace_back(static_cast<int64_t>(out.size()), entry);
  } else if (const int64_t* count = value.get<int64_t>()) {
    if (*count > 1'000'000) return invalid_argument("range over " + std::to_string(*count) + " is too long");
    for (int64_t i = 0; i < *count; ++i) out.emplace_back(i, i);
  } else if (const JsonRef* ref = value.get<JsonRef>(); ref && ref->value->is_array()) {
    for (const json::Value& entry : ref->value->get_array())
      out.emplace_back(static_cast<int64_t>(out.size()), Value::of(entry));
  } else if (ref && ref->value->is_null()) {
    return out;
  } else if (ref) {
    for (const auto& entry : ref->value->get_object())
      out.emplace_back(std::string_view(entry.key()), Value::of(entry.value()));
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
      return *a.first.template get<std::string>() < *b.first.template get<std::string>();
    });
  } else {
    return invalid_argument("range can't iterate over " + to_text(value));
  }
  return out;
}

std::string type_name(const Value& value) {
  struct Names {
    std::string operator()(std::monostate) const { return "<nil>"; }
    std::string operator()(bool) const { return "bool"; }
    std::string operator()(int64_t) const { return "int"; }
    std::string operator()(double) const { return "float64"; }
    std::string operator()(const std::string&) const { return "string"; }
    std::string operator()(const std::shared_ptr<const List>&) const { return "[]string"; }
    std::string operator()(const JsonRef& ref) const {
      return ref.value->is_array() ? "[]interface {}" : "map[string]interface {}";
    }
    std::string operator()(const View*) const { return "struct"; }
  };
  return std::visit(Names{}, value.state());
}

}  // namespace hull::cli
